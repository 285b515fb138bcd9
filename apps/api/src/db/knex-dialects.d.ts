// Knex ships no types for its dialects; this declares the little of one that sqlite-client.ts uses.
declare module 'knex/lib/dialects/better-sqlite3/index.js' {
  import type { Database } from 'better-sqlite3';
  import { Knex } from 'knex';

  class BetterSqlite3Client extends Knex.Client {
    releaseConnection(connection: Database): Promise<void>;
    _query(connection: Database, query: { sql: string }): Promise<unknown>;
    // biome-ignore lint/suspicious/noExplicitAny: handed on as it comes
    transaction(container: any, config: Knex.TransactionConfig | undefined, outer: any): Knex.Transaction & Beginning;
    // biome-ignore lint/suspicious/noExplicitAny: handed on as it comes
    queryCompiler(builder: any, formatter?: any): QueryCompiler;
  }
  interface QueryCompiler {
    /** What only one query at a time has, such as its limit. Absent for raw queries. */
    readonly single?: { limit?: number; skipBinding?: { limit?: boolean } };
  }
  interface Beginning {
    begin(connection: Database): Promise<unknown>;
    query(connection: Database, sql: string): Promise<unknown>;
  }
  export = BetterSqlite3Client;
}
