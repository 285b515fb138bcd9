import type { Isolation, IsolationOptions } from '@acme/db-isolation';
import { createIsolation } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import { expect } from 'chai';
import type { Knex } from 'knex';
import type { ServerKind } from './server-kinds.ts';
import { createServerUser, type ServerUser } from './server-user.ts';
import type { PrivateServer } from './servers/private-server.ts';
import { urlWith, withSql } from './sql.ts';

/** A table of notes with one row, on every engine. */
export const NOTES_ON_ANY_ENGINE = customSchema<Knex>({
  fingerprint: 'notes on any engine',
  async apply(db) {
    await db.schema.createTable('note', (table) => {
      table.increments('id');
      table.text('text').notNullable();
    });
    await db('note').insert({ text: 'from the template' });
  },
});

/** A user of a private server, with what the library has made for that user. */
export interface UserOfServer {
  readonly kind: ServerKind;
  readonly url: string;
  readonly name: string;
  readonly password: string;
  /** Databases of tests that are there and that nobody has kept, and any of whatever user that no registry knows. */
  tests(): Promise<readonly string[]>;
  /** Databases of tests that were kept. */
  kept(): Promise<readonly string[]>;
  /** How many connections the user has at this moment. */
  connections(): Promise<number>;
  /** Runs a statement as the user in the database of a URL that has no password. */
  query(url: string, sql: string): Promise<readonly unknown[]>;
  /** Takes the right to make databases away. */
  revoke(): Promise<void>;
  remove(): Promise<void>;
}

const servers = new Map<string, Promise<PrivateServer>>();

/** Makes a user of the private server that all tests of this process share, which is started for the first of them. */
export async function createUserOfServer(kind: ServerKind): Promise<UserOfServer> {
  const started = servers.get(kind.name) ?? kind.start();
  servers.set(kind.name, started); // it ends with this process
  const server = await started;
  const user: ServerUser = await createServerUser(kind, server.url());

  const list = (ofUser?: string) => withSql(server.url(), (sql) => kind.databases(sql, ofUser));
  const inRegistry = (registry: string, statement: string) =>
    withSql(urlWith(server.url(), { database: registry }), async (sql) => (await sql.values(statement)).map(String));

  async function kept(): Promise<readonly string[]> {
    const mine = await list(user.name);
    const registry = mine.find((name) => name.startsWith('dbi_registry_'));
    if (registry === undefined) return [];
    const names = await inRegistry(
      registry,
      'select name from test_database where kept_at is not null order by kept_at',
    );
    return names.filter((name) => mine.includes(name));
  }

  /** Databases of tests that no registry knows: they would stay for ever. */
  async function lost(): Promise<readonly string[]> {
    const all = await list();
    const known: string[] = [];
    for (const registry of all.filter((name) => name.startsWith('dbi_registry_'))) {
      known.push(...(await inRegistry(registry, 'select name from test_database').catch(() => [])));
    }
    const still = await list(); // one that has been dropped in the meantime is forgotten right after
    return all.filter((name) => name.startsWith('dbi_test_') && !known.includes(name) && still.includes(name));
  }

  return {
    kind,
    url: user.url,
    name: user.name,
    password: user.password,
    async tests() {
      const [mine, keptOnes] = [await list(user.name), await kept()];
      const used = mine.filter((name) => name.startsWith('dbi_test_') && !keptOnes.includes(name));
      return [...new Set([...used, ...(await lost())])];
    },
    kept,
    connections: () => withSql(server.url(), (sql) => kind.connections(sql, user.name)),
    query: (url, statement) => withSql(urlWith(url, { password: user.password }), (sql) => sql.values(statement)),
    revoke: () => withSql(server.url(), (sql) => kind.revoke(sql, user.name)),
    remove: () => user.remove(),
  };
}

/** Gives a describe block a user, and each of its tests isolations, which leave nothing. */
export function useUserOfServer(kind: ServerKind): UserOfServer & {
  isolation(options?: Partial<IsolationOptions<Knex>>): Isolation<Knex>;
} {
  let user: UserOfServer;
  const isolations: Isolation<Knex>[] = [];
  before(async () => {
    user = await createUserOfServer(kind);
  });
  after(() => user?.remove());
  afterEach(async () => {
    await Promise.allSettled(isolations.splice(0).map((isolation) => isolation.close()));
    expect(await user.tests(), 'databases left behind').to.deep.equal([]);
    expect(await user.connections(), 'connections left open').to.equal(0);
  });
  return {
    kind,
    get url() {
      return user.url;
    },
    get name() {
      return user.name;
    },
    get password() {
      return user.password;
    },
    tests: () => user.tests(),
    kept: () => user.kept(),
    connections: () => user.connections(),
    query: (url, sql) => user.query(url, sql),
    revoke: () => user.revoke(),
    remove: () => user.remove(),
    isolation(options = {}) {
      const isolation = createIsolation({
        engine: kind.engine({ server: user.url }),
        client: knexClient(),
        schema: NOTES_ON_ANY_ENGINE,
        ...options,
      });
      isolations.push(isolation);
      return isolation;
    },
  };
}
