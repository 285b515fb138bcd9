// Asks a server whether the tests can use it. Answers what it is, or throws an error that says why not.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../packages/db-isolation/package.json', import.meta.url));
const TIMEOUT = 5000;

/** The oldest PostgreSQL that the library supports. */
const OLDEST_POSTGRES = 15;

export async function probePostgres(url) {
  const { Client } = require('pg');
  const client = new Client({ connectionString: url, connectionTimeoutMillis: TIMEOUT });
  client.on('error', () => {}); // one that matters also rejects a query
  try {
    await client.connect();
    const { rows } = await client.query(`
      select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
             current_setting('fsync') = 'on' as fsync, rolname as role, rolcreatedb or rolsuper as creates
      from pg_roles where rolname = current_user`);
    const { version, number, fsync, role, creates } = rows[0];
    const major = Math.floor(number / 10_000);
    if (major < OLDEST_POSTGRES) throw new Error(`it is PostgreSQL ${major}; ${OLDEST_POSTGRES} or later is needed`);
    if (!creates) throw new Error(`the role "${role}" may not create databases`);
    // Each new database is written to the disk first.
    return `PostgreSQL ${version.split(' ')[0]}${fsync ? ' (fsync is on, so that new databases take longer)' : ''}`;
  } finally {
    client.end().catch(() => {});
  }
}

export async function probeMysql(url) {
  const { createConnection } = require('mysql2/promise');
  const connection = await createConnection({ uri: url, connectTimeout: TIMEOUT });
  try {
    const [rows] = await connection.query(`
      select version() as version, current_user() as user, exists (
        select * from information_schema.user_privileges
        where privilege_type = 'CREATE' and grantee = concat('''', replace(current_user(), '@', '''@'''), '''')
      ) as creates`);
    const { version, user, creates } = rows[0];
    if (!creates) throw new Error(`the user ${user} may not create databases`);
    return `${version.includes('MariaDB') ? 'MariaDB' : 'MySQL'} ${version.split('-')[0]}`;
  } finally {
    connection.destroy();
  }
}
