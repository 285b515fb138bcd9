import { elapsed, sleep } from '../../real-time.ts';
import { LazyConnection } from './connections.ts';
import type { AdminConnection, Row, ServerDialect } from './dialect.ts';

/**
 * The connection on which a session reads and writes the registry and holds its locks. The locks are free as soon as it
 * ends, also when this process is killed; when the server has ended it, they are taken again on the next one.
 */
export class SessionConnection {
  readonly #dialect: ServerDialect;
  readonly #connection: LazyConnection;
  readonly #held = new Set<string>();
  /** Not held yet: a new connection must not take these too, since a lock that was taken twice is given back twice. */
  readonly #trying = new Set<string>();

  /** @param first is used as long as the server keeps it open. */
  constructor(dialect: ServerDialect, first: AdminConnection, connect: () => Promise<AdminConnection>) {
    this.#dialect = dialect;
    let unused: AdminConnection | undefined = first;
    this.#connection = new LazyConnection(async () => {
      const connection = unused ?? (await connect());
      unused = undefined;
      if (this.#held.size > 0) await dialect.tryLocks(connection, [...this.#held]);
      return connection;
    });
  }

  readonly query = async (sql: string, values?: readonly unknown[]): Promise<readonly Row[]> => {
    const connection = await this.#connection.get();
    return connection.query(sql, values);
  };

  /** Tries to get locks that this session does not hold yet. Answers for each whether it was got. */
  async tryLocks(names: readonly string[]): Promise<readonly boolean[]> {
    const got = await this.#dialect.tryLocks(await this.#connection.get(), names);
    names.forEach((name, index) => {
      if (got[index]) this.#held.add(name);
    });
    return got;
  }

  async unlock(names: readonly string[]): Promise<void> {
    for (const name of names) this.#held.delete(name);
    await this.#dialect.unlock(await this.#connection.get(), names);
  }

  /**
   * Runs `work` while nobody else holds the lock; answers false without running it when the lock could not be had within
   * `timeout` milliseconds. Waits here and not in the server, where waiting would keep the connection from other work.
   */
  async during(name: string, timeout: number, work: () => Promise<void>): Promise<boolean> {
    const deadline = elapsed() + timeout;
    while (!(await this.#tryOnce(name))) {
      if (elapsed() >= deadline) return false;
      await sleep(POLL_MS);
    }
    try {
      await work();
    } finally {
      await this.unlock([name]).catch(() => undefined); // it went with its connection
    }
    return true;
  }

  async close(): Promise<void> {
    this.#held.clear();
    await this.#connection.close();
  }

  /** A server gives a connection what it has already, so a second caller of this session is held off here. */
  async #tryOnce(name: string): Promise<boolean> {
    if (this.#held.has(name) || this.#trying.has(name)) return false;
    this.#trying.add(name);
    try {
      const [got = false] = await this.tryLocks([name]);
      return got;
    } finally {
      this.#trying.delete(name);
    }
  }
}

const POLL_MS = 20;
