import type mysql2 from 'mysql2';
import type pg from 'pg';
import type { Address, ServerAddress } from '../engines/engine.ts';
import { loadDriver } from '../engines/sqlite/driver.ts';
import { unguarded } from '../guard/scopes.ts';
import type { Leak } from '../leaks.ts';
import { within } from '../real-time.ts';
import { type AddressVariables, addressVariables, assertAddressVariables } from './address-variables.ts';
import type { Client, Refusal } from './client.ts';
import { loadPackage } from './drivers.ts';
import { fingerprintOf } from './fingerprint.ts';
import { executeMysql2, mysql2Session, mysql2Settings } from './sessions/mysql2.ts';
import { executePg, pgSession } from './sessions/pg.ts';
import type { Session } from './sessions/session.ts';
import { Sessions } from './sessions/sessions.ts';
import { Trail } from './sessions/trail.ts';
import { setVariables } from './set-variables.ts';

export type { AddressVariable, AddressVariables, DatabasePlace } from './address-variables.ts';

/** Options of {@link urlClient}. */
export interface UrlClientOptions {
  /**
   * Environment variables of this process that carry the address while a test has its database, also for child processes
   * that it starts: a list of those that are the URL itself, or a function for each that has another form. At the end of
   * the test they are what they were before. Default: none.
   *
   * As a process has each variable once, tests that have databases at the same time cannot share one.
   */
  readonly env?: AddressVariables;
}

/**
 * Hands out the address of each test's database and opens nothing: for whatever makes its own connections, such as Prisma,
 * TypeORM, Sequelize, MikroORM and child processes. Needs nothing but the driver of the engine.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`; on use: `DBI_ALREADY_OVERRIDDEN` when two databases with the same variable
 * are leased at the same time.
 * @example
 * const isolation = createIsolation({ engine, client: urlClient({ env: ['DATABASE_URL'] }), schema });
 * await isolation.run('one invoice', async ({ db }) => new DataSource({ type: 'postgres', url: db }).initialize());
 * @example
 * urlClient({ env: { DATABASE_URL: ({ filename }) => `file:${filename}`, PGDATABASE: ({ database }) => database } });
 */
export function urlClient(options: UrlClientOptions = {}): Client<string> {
  return new UrlClient(options);
}

interface Opened {
  readonly address: Address;
  /** Those of `execute`. */
  readonly sessions: Sessions<object>;
  /** Puts the environment variables back; idempotent. */
  readonly restore: () => void;
}

class UrlClient implements Client<string> {
  readonly #variables: AddressVariables;
  readonly #open = new Map<string, Opened>();

  constructor({ env = [] }: UrlClientOptions) {
    assertAddressVariables(env, 'env');
    this.#variables = env;
  }

  async fingerprint(): Promise<string> {
    return fingerprintOf('url', this.#variables);
  }

  async open(address: Address): Promise<string> {
    const { url } = address;
    const restore = setVariables(addressVariables(this.#variables, 'env', url));
    this.#open.set(url, { address, sessions: new Sessions(), restore });
    return url;
  }

  async execute(url: string, sql: string): Promise<void> {
    const { address, sessions } = this.#opened(url);
    sessions.assertOpen();
    if (address.dialect === 'sqlite') {
      const connection = loadDriver().open(address.filename);
      try {
        for (const statement of address.onConnect) connection.exec(statement);
        connection.exec(sql);
      } finally {
        connection.close();
      }
    } else if (address.dialect === 'postgres') {
      await executePg(loadPg().Client, { connectionString: url }, sql, sessions);
    } else {
      await executeMysql2(loadMysql2(), mysql2Settings(url), sql, sessions);
    }
  }

  fence(url: string, reason: Refusal): void {
    const opened = this.#open.get(url);
    opened?.restore();
    opened?.sessions.fence(reason);
  }

  /** Connections that this process has are ended by the lease, which knows where they were opened. */
  async close(url: string, ownPorts?: ReadonlySet<number>): Promise<readonly Leak[]> {
    const opened = this.#open.get(url);
    if (!opened) return [];
    const { address, sessions, restore } = opened;
    restore();
    this.#open.delete(url);
    const leaks = await sessions.leaks();
    await sessions.end();
    if (address.dialect === 'sqlite' || !ownPorts) return leaks;
    return [...leaks, ...(await leaksOfOthers(address, ownPorts))];
  }

  #opened(url: string): Opened {
    const opened = this.#open.get(url);
    if (!opened) throw new Error('This database has been given back, and may be gone.');
    return opened;
  }
}

/** The library connects for this question alone: it must not hold up the end of a test for long. */
const CONNECT_MS = 2_000;

/** Connections of other processes, which only the server knows. */
async function leaksOfOthers(address: ServerAddress, ownPorts: ReadonlySet<number>): Promise<readonly Leak[]> {
  const { session, connected } = (address.dialect === 'postgres' ? askPg : askMysql2)(address.url);
  try {
    await within(CONNECT_MS, connected, () => new Error('late'));
    return await session.leftovers({ ownPorts, own: 1 });
  } catch {
    return []; // they are ended all the same when the database is removed
  } finally {
    session.end(() => new Error('late'));
  }
}

interface Asking {
  readonly session: Session;
  readonly connected: Promise<unknown>;
}

function askPg(url: string): Asking {
  const client = new (loadPg().Client)({ connectionString: url });
  return { session: pgSession(client, new Trail(false)), connected: client.connect() };
}

function askMysql2(url: string): Asking {
  const connect = () => unguarded(() => loadMysql2().createConnection(mysql2Settings(url)));
  const connection = connect();
  return {
    session: mysql2Session(connection, connect, new Trail(false)),
    connected: connection.promise().connect(),
  };
}

function loadPg(): typeof pg {
  return loadPackage<typeof pg>('pg').exports;
}

function loadMysql2(): typeof mysql2 {
  return loadPackage<typeof mysql2>('mysql2').exports;
}
