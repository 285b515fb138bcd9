import createKnex, { type Knex } from 'knex';
import { DATABASE_URL_FORMS, dialectOfUrl } from './database-url.ts';
import { mysqlConfig } from './mysql.ts';
import { postgresConfig } from './postgres.ts';
import { sqliteConfig } from './sqlite.ts';

/** Which database to open. */
export interface DatabaseOptions {
  /**
   * `sqlite:///absolute/file`, where `%20` and the like are decoded, `sqlite:relative/file`,
   * `postgres://user:password@host/database` or `mysql://user:password@host/database`.
   */
  readonly url: string;
}

const CONNECTION_WAIT_MS = 30_000;
const CONFIGS = { sqlite: sqliteConfig, postgres: postgresConfig, mysql: mysqlConfig };

/**
 * Makes the Knex instance of the service, which connects on its first query.
 *
 * @throws Error when the URL is not one of the supported forms or an SQLite file cannot be made.
 */
export function createDatabase({ url }: DatabaseOptions): Knex {
  const dialect = dialectOfUrl(url);
  if (dialect === undefined) {
    throw new Error(`Database URL must be ${DATABASE_URL_FORMS}`);
  }
  return createKnex({
    ...CONFIGS[dialect](url),
    // Knex prints failures to connect with their stack, and rejects with them as well; whoever asked reports them.
    log: { warn: () => undefined },
    acquireConnectionTimeout: CONNECTION_WAIT_MS,
  });
}
