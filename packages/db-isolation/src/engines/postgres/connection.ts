import type pg from 'pg';
import type { AdminConnection, Row } from '../server/dialect.ts';

/** The types of pg leave this out. */
interface Internals {
  readonly connection: { readonly stream: { destroy(): void } };
  ref(): void;
  unref(): void;
}

/** A connection of pg as the library's own. The caller has connected it. */
export class PostgresConnection implements AdminConnection {
  readonly #client: pg.Client & Internals;
  readonly #explain: (error: unknown) => unknown;
  #isOpen = true;
  #last: Promise<unknown> = Promise.resolve();

  /** @param explain says what an error of the driver means. */
  constructor(client: pg.Client, explain: (error: unknown) => unknown) {
    this.#client = client as pg.Client & Internals;
    this.#explain = explain;
    const lost = () => {
      this.#isOpen = false;
    };
    client.on('error', lost).on('end', lost);
    this.#client.unref();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  readonly query = (sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> => {
    // One at a time: pg wants its caller to wait.
    const answer = this.#last.then(() => this.#run(sql, values));
    this.#last = answer.catch(() => undefined);
    return answer;
  };

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#client.ref();
    await this.#client.end();
  }

  cutOff(): void {
    this.#isOpen = false;
    this.#client.connection.stream.destroy();
  }

  async #run(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    let number = 0;
    const text = values.length > 0 ? sql.replace(/\?/g, () => `$${++number}`) : sql;
    this.#client.ref(); // or else the process might end while this waits
    try {
      const { rows } = await this.#client.query<Row>(text, [...values]);
      return rows;
    } catch (error) {
      throw this.#explain(error);
    } finally {
      this.#client.unref();
    }
  }
}
