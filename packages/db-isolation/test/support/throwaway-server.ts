import type { Engine, Isolation, IsolationOptions } from '@acme/db-isolation';
import { createIsolation } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import type { PostgresOptions } from '@acme/db-isolation/engines/postgres';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { endProgramsAfterEach, type Program, startProgram } from './programs.ts';
import { sqlSchema } from './schemas.ts';
import { MYSQL, POSTGRES, type ServerKind, type StartOptions } from './server-kinds.ts';
import { createServerUser, type ServerUser } from './server-user.ts';
import { describeWithPrograms } from './servers/available.ts';
import type { PrivateServer } from './servers/private-server.ts';
import { connect, type Sql, urlWith, withSql } from './sql.ts';

type Options = Partial<Omit<IsolationOptions<Knex>, 'engine'>> & { readonly server?: Omit<PostgresOptions, 'server'> };

/** A server that nobody else uses, and on it a new user for each test. */
export interface ThrowawayServer {
  readonly kind: ServerKind;
  /** The program: to restart it, or to end it. */
  readonly program: PrivateServer;
  readonly user: ServerUser;
  /** A connection of the administrator; a new one after a restart. */
  admin(): Promise<Sql>;
  /** An engine as the user; its sessions are the test's to close. */
  engine(options?: Omit<PostgresOptions, 'server'>): Engine;
  /** An isolation with a table of notes, closed when the test ends. */
  isolation(options?: Options): Isolation<Knex>;
  /** Starts `test/fixtures/<name>.ts` with this engine and user; it is killed when the test ends. */
  start(name: string, env?: Readonly<Record<string, string>>): Program;
  /** Names of the tests' databases on the server, or of templates. */
  names(what: 'test' | 'template'): Promise<readonly string[]>;
  /** Runs a statement in the registry of the user. */
  registry(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** What a query answers in one of the user's databases, column by column. */
  query(database: { readonly url: string }, sql: string): Promise<readonly unknown[]>;
}

/** One table, and one row that every test finds in it; valid on every server. */
export const SERVER_NOTES = sqlSchema(
  "create table note (text varchar(100) not null); insert into note (text) values ('from the template')",
);

const KINDS: readonly ServerKind[] = [POSTGRES, MYSQL];

/** How the same tests run on several kinds of server. */
interface OnServersOptions {
  readonly kinds?: readonly ServerKind[];
  /** Answers how each server is started, when it is. */
  readonly start?: () => StartOptions;
}

/** The same tests on a private server of each kind, or of these. */
export function describeOnServers(
  title: string,
  tests: (server: ThrowawayServer) => void,
  { kinds = KINDS, start = () => ({}) }: OnServersOptions = {},
): void {
  for (const kind of kinds) {
    describeWithPrograms(kind.programs, `${kind.name}: ${title}`, () => tests(useThrowawayServer(kind, start)));
  }
}

/** Tests with several processes and many databases take long on a machine that has other things to do. */
const TIMEOUT_MS = 120_000;

/** Gives a describe block a private server, and each test a user of its own there, who leaves nothing. */
function useThrowawayServer(kind: ServerKind, start: () => StartOptions): ThrowawayServer {
  let program: PrivateServer;
  let user: ServerUser;
  let admin: Sql | undefined;
  let isolations: Isolation<Knex>[] = [];

  before(async function () {
    this.timeout(TIMEOUT_MS);
    program = await kind.start(start());
  });
  after(() => program?.stop());
  beforeEach(async function () {
    this.timeout(TIMEOUT_MS).currentTest?.timeout(TIMEOUT_MS);
    isolations = [];
    user = await createServerUser(kind, program.url());
  });
  endProgramsAfterEach(); // before their databases go
  afterEach(async function () {
    this.timeout(TIMEOUT_MS);
    await Promise.allSettled(isolations.map((isolation) => isolation.close()));
    await admin?.end().catch(() => undefined);
    admin = undefined;
    await user.remove();
    const left = await withSql(program.url(), (sql) => kind.databases(sql));
    expect(
      left.filter((name) => name.startsWith('dbi_')),
      'databases left behind',
    ).to.deep.equal([]);
  });

  const server: ThrowawayServer = {
    kind,
    get program() {
      return program;
    },
    get user() {
      return user;
    },
    async admin() {
      admin ??= await connect(program.url());
      return admin;
    },
    engine: (settings = {}) => kind.engine({ server: user.url, ...settings }),
    isolation({ server: settings = {}, ...rest } = {}) {
      const isolation = createIsolation({
        engine: server.engine(settings),
        client: knexClient(),
        schema: SERVER_NOTES,
        ...rest,
      });
      isolations.push(isolation);
      return isolation;
    },
    start: (name, env = {}) =>
      startProgram(name, {
        env: { ENGINE: kind.name, DB_ISOLATION_POSTGRES_URL: user.url, DB_ISOLATION_MYSQL_URL: user.url, ...env },
      }),
    names: (what) =>
      withSql(program.url(), async (sql) =>
        (await kind.databases(sql)).filter((name) => name.startsWith(`dbi_${what}_`)),
      ),
    async registry(sql) {
      const names = await withSql(program.url(), (connection) => kind.databases(connection, user.name));
      const database = names.find((name) => name.startsWith('dbi_registry_')) ?? expect.fail('no registry');
      return withSql(urlWith(user.url, { database }), (connection) => connection.rows(sql));
    },
    query: ({ url }, sql) => withSql(urlWith(url, { password: user.password }), (connection) => connection.values(sql)),
  };
  return server;
}
