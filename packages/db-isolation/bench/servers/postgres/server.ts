import createKnex from 'knex';
import pg from 'pg';
import { findPostgresPrograms } from '../../../test/support/servers/postgres-programs.ts';
import { startPrivatePostgres } from '../../../test/support/servers/private-postgres.ts';
import { TABLE_NAMES } from '../../sample-database.ts';
import { newName, newPassword, urlFor } from '../names.ts';
import type { BenchmarkServer } from '../server.ts';

/** The server of `DB_ISOLATION_POSTGRES_URL`, else one that is started for this, else why there is none. */
export async function openPostgresServer(): Promise<BenchmarkServer | string> {
  const named = process.env['DB_ISOLATION_POSTGRES_URL'];
  if (named) return withOwnUser(named, async () => undefined);
  if (!findPostgresPrograms()) return 'Install PostgreSQL 15 or later, or set DB_ISOLATION_POSTGRES_URL.';
  const server = await startPrivatePostgres();
  return withOwnUser(server.url(), () => server.stop());
}

/** pgsql-test makes this role and leaves it. */
const PEER_ROLE = 'app_user';

async function withOwnUser(adminUrl: string, stop: () => Promise<void>): Promise<BenchmarkServer> {
  const [user, password] = [newName(), newPassword()];
  const admin = await connect(adminUrl);
  const { rowCount: hadPeerRole } = await admin.query(`select 1 from pg_roles where rolname = '${PEER_ROLE}'`);
  await admin.query(`create role ${user} login superuser password '${password}'`); // pgsql-test makes roles
  const urlOf = (database: string) => urlFor(adminUrl, user, password, database);
  const own = await connect(urlOf('postgres'));
  return {
    url: urlOf('postgres'),
    urlOf,
    newName,
    admin: async (sql) => (await own.query(sql)).rows,
    knex: (database) => createKnex({ client: 'pg', connection: urlOf(database), pool: { min: 0, max: 5 } }),
    truncateAll: (knex) => knex.raw(`truncate ${TABLE_NAMES.join(', ')} restart identity`),
    dropTemplate: (name) => dropDatabase(own, name),
    async close() {
      await own.end();
      await dropUser(admin, user);
      if (!hadPeerRole) await admin.query(`drop role if exists ${PEER_ROLE}`);
      await admin.end();
      await stop();
    },
  };
}

/** Removes a role with all its databases. */
async function dropUser(admin: pg.Client, user: string): Promise<void> {
  const { rows } = await admin.query(
    `select datname as name from pg_database where pg_get_userbyid(datdba) = '${user}'`,
  );
  for (const { name } of rows) await dropDatabase(admin, name);
  await admin.query(`drop role ${user}`);
}

async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  await client.query(`alter database "${name}" with is_template false`);
  await client.query(`drop database "${name}" with (force)`);
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  await client.connect();
  return client;
}
