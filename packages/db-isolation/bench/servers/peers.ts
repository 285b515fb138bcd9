import { createRequire } from 'node:module';
import type { Knex } from 'knex';

const require = createRequire(new URL('../peers/package.json', import.meta.url));

/** The parts of the packages in `peers/` that are measured. They bring many others, and so are installed apart. */
interface Peers {
  readonly 'knex-cleaner': {
    clean(knex: Knex, options: { readonly ignoreTables: readonly string[] }): PromiseLike<void>;
  };
  readonly 'pgsql-test': {
    getConnections(
      options: { readonly pg: object; readonly db: { readonly template: string; readonly prefix: string } },
      seeds: readonly [],
    ): Promise<PgsqlTest>;
  };
}

/** A database of pgsql-test. */
export interface PgsqlTest {
  readonly pg: {
    query(sql: string): Promise<unknown>;
    beforeEach(): Promise<void>;
    afterEach(): Promise<void>;
  };
  teardown(): Promise<void>;
}

/** Undefined, and a line for the user, where the package is not installed. */
export function loadPeer<Name extends keyof Peers>(name: Name): Peers[Name] | undefined {
  try {
    return require(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    console.log(`${name} is not measured: install it with npm run bench:peers`);
    return undefined;
  }
}
