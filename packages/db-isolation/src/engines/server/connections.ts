import { hasCode } from '../../errors.ts';
import { elapsed, sleep } from '../../real-time.ts';
import type { AdminConnection } from './dialect.ts';

type Connect = () => Promise<AdminConnection>;

/** A connection that is made when it is first needed, and made again when the server has ended it. */
export class LazyConnection {
  readonly #connect: Connect;
  #attempt: Promise<AdminConnection> | undefined;

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  async get(): Promise<AdminConnection> {
    for (;;) {
      this.#attempt ??= this.#connect();
      const attempt = this.#attempt;
      const connection = await attempt.catch((error: unknown) => {
        this.#forget(attempt);
        throw error;
      });
      if (connection.isOpen) return connection;
      this.#forget(attempt);
    }
  }

  async close(): Promise<void> {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    const connection = await attempt?.catch(() => undefined);
    await connection?.close();
  }

  #forget(attempt: Promise<AdminConnection>): void {
    if (this.#attempt === attempt) this.#attempt = undefined;
  }
}

/**
 * Connects to a server that may be starting again at this moment. All connections share one deadline: when the server has
 * not come back by then, each of them tries once more and no longer, or else every test would wait for a dead server.
 */
export function patiently(connect: Connect): Connect {
  let deadline: number | undefined;
  return async () => {
    for (;;) {
      try {
        const connection = await connect();
        deadline = undefined;
        return connection;
      } catch (error) {
        if (!hasCode(error, 'DBI_SERVER_UNREACHABLE')) throw error;
        deadline ??= elapsed() + RESTART_MS;
        if (elapsed() > deadline) throw error;
        await sleep(POLL_MS);
      }
    }
  };
}

/** How long a restart of the server may take, in milliseconds. */
const RESTART_MS = 10_000;
const POLL_MS = 100;

/** A few connections for work that takes long: who asks first is served first. */
export class Workers {
  readonly #idle: LazyConnection[];
  readonly #all: readonly LazyConnection[];
  readonly #queue: ((connection: LazyConnection) => void)[] = [];

  /** @param connect gets the number of the connection, from 0. */
  constructor(connect: (number: number) => Promise<AdminConnection>, count: number) {
    this.#all = Array.from({ length: count }, (_, number) => new LazyConnection(() => connect(number)));
    this.#idle = [...this.#all];
  }

  /** @param options.repeatable work that may be done twice is done once more when its connection was lost meanwhile. */
  async run<T>(work: (connection: AdminConnection) => Promise<T>, { repeatable = false } = {}): Promise<T> {
    const connection = this.#idle.pop() ?? (await new Promise<LazyConnection>((resolve) => this.#queue.push(resolve)));
    try {
      const first = await connection.get();
      return await work(first).catch(async (error: unknown) => {
        if (!repeatable || first.isOpen) throw error;
        return work(await connection.get());
      });
    } finally {
      const next = this.#queue.shift();
      if (next) next(connection);
      else this.#idle.push(connection);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((connection) => connection.close()));
  }
}
