import createKnex from 'knex';
import mysql2 from 'mysql2/promise';
import { findMariadbPrograms, startPrivateMariadb } from '../../../test/support/servers/private-mariadb.ts';
import { TABLE_NAMES } from '../../sample-database.ts';
import { newName, newPassword, urlFor } from '../names.ts';
import type { BenchmarkServer } from '../server.ts';

/** The server of `DB_ISOLATION_MYSQL_URL`, else one that is started for this, else why there is none. */
export async function openMysqlServer(): Promise<BenchmarkServer | string> {
  const named = process.env['DB_ISOLATION_MYSQL_URL'];
  if (named) return withOwnUser(named, async () => undefined);
  if (!findMariadbPrograms()) return 'Install mariadb-server, or set DB_ISOLATION_MYSQL_URL.';
  const server = await startPrivateMariadb();
  return withOwnUser(server.url(), () => server.stop());
}

async function withOwnUser(adminUrl: string, stop: () => Promise<void>): Promise<BenchmarkServer> {
  const [user, password] = [newName(), newPassword()];
  const admin = await mysql2.createConnection({ uri: adminUrl });
  await admin.query(`create user ${user}@'%' identified by '${password}'`);
  await admin.query(`grant all on *.* to ${user}@'%'`);
  const urlOf = (database: string) => urlFor(adminUrl, user, password, database);
  const own = await mysql2.createConnection({ uri: urlOf(''), multipleStatements: true });
  const query = async (sql: string) => (await own.query<mysql2.RowDataPacket[]>(sql))[0];
  return {
    url: urlOf(''),
    urlOf,
    newName,
    admin: query,
    knex: (database) =>
      createKnex({ client: 'mysql2', connection: settings(urlOf(database)), pool: { min: 0, max: 5 } }),
    truncateAll: (knex) => {
      const truncate = TABLE_NAMES.map((table) => `truncate ${table}`);
      return knex.raw(['set foreign_key_checks = 0', ...truncate, 'set foreign_key_checks = 1'].join('; '));
    },
    dropTemplate: (name) => dropTemplate(query, name),
    async close() {
      await own.end();
      await admin.query(`drop user ${user}@'%'`);
      await admin.end();
      await stop();
    },
  };
}

/** In parts, since knex-cleaner wants to know the name of the database. */
function settings(url: string) {
  const { hostname: host, port, username: user, password, pathname } = new URL(url);
  return { host, port: Number(port || 3306), user, password, database: pathname.slice(1), multipleStatements: true };
}

/** Removes a template, and the registry in which it is written down, which is the benchmark user's own. */
async function dropTemplate(query: BenchmarkServer['admin'], template: string): Promise<void> {
  const registries = await query("show databases like 'dbi\\_registry\\_%'");
  for (const registry of registries.flatMap((row) => Object.values(row))) {
    const [own] = await query(`select name from ${registry}.template where name = '${template}'`);
    if (own) await query(`drop database ${registry}`);
  }
  await query(`drop database ${template}`);
}
