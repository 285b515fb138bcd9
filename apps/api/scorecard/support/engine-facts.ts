import { createRequire } from 'node:module';
import { createDatabase } from '../../src/db/create-database.ts';
import { urlOf } from '../../test/support/server-databases.ts';

/** What a database engine is, and whether its commits wait for the disk. */
export async function describeEngine(server: string | undefined): Promise<string> {
  if (server === undefined) {
    const Database = createRequire(import.meta.url)('better-sqlite3');
    const memory = new Database(':memory:');
    const version = memory.prepare('SELECT sqlite_version()').pluck().get();
    memory.close();
    return `SQLite ${version}, WAL, every commit synced`;
  }
  const isPostgres = /^postgres/.test(server);
  const db = createDatabase({ url: urlOf(server, isPostgres ? 'postgres' : 'information_schema') });
  try {
    if (isPostgres) {
      const { rows } = await db.raw(
        "SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit",
      );
      const [{ version, fsync, commit }] = rows;
      return `PostgreSQL ${version.split(' ')[0]}, fsync ${fsync}, synchronous_commit ${commit}`;
    }
    const [[{ version, flush }]] = await db.raw(
      'SELECT VERSION() AS version, @@innodb_flush_log_at_trx_commit AS flush',
    );
    return `${/mariadb/i.test(version) ? 'MariaDB' : 'MySQL'} ${version.split('-')[0]}, innodb_flush_log_at_trx_commit ${flush}`;
  } finally {
    await db.destroy();
  }
}
