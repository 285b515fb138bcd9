import type { Client, ServerAddress } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { mysql2Client } from '@acme/db-isolation/clients/mysql2';
import { pgClient } from '@acme/db-isolation/clients/pg';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { failure } from '../support/rejections.ts';
import { describeWithPrograms } from '../support/servers/available.ts';
import { startPrivateMariadb } from '../support/servers/private-mariadb.ts';
import { startPrivatePostgres } from '../support/servers/private-postgres.ts';
import type { PrivateServer } from '../support/servers/private-server.ts';

/** Knex prints what it also throws. */
const SILENT = { warn: () => undefined };

/** Tests on a server that has room for a few connections. */
function onFullServer(dialect: ServerAddress['dialect'], start: () => Promise<PrivateServer>, database: string): void {
  let server: PrivateServer;

  before(async function () {
    this.timeout(60_000);
    server = await start();
  });
  after(() => server.stop());

  /** Takes connections until there is no room for another one. */
  async function fill<Db>(client: Client<Db>, take: (db: Db) => PromiseLike<unknown>, code: string): Promise<void> {
    const url = server.url(undefined, database);
    const db = await client.open({ dialect, url, maxConnections: 100 });
    const error = await failure('DBI_TOO_MANY_CONNECTIONS', async () => {
      for (let count = 0; count < 100; count += 1) await take(db);
    });
    expect(error.cause).to.include({ code });
    expect((await client.close(db)).length).to.be.greaterThan(0);
  }

  const knex = () => knexClient({ config: { log: SILENT } });
  const takeOfKnex = (db: Knex) => db.client.acquireConnection();

  if (dialect === 'postgres') {
    it('says so through Knex', () => fill(knex(), takeOfKnex, '53300'));
    it('says so through pg', () => fill(pgClient(), (db) => db.connect(), '53300'));
  } else {
    it('says so through Knex', () => fill(knex(), takeOfKnex, 'ER_CON_COUNT_ERROR'));
    it('says so through mysql2', () => fill(mysql2Client(), (db) => db.getConnection(), 'ER_CON_COUNT_ERROR'));
  }
}

describeWithPrograms('postgres', 'a PostgreSQL server without room for another connection', () => {
  onFullServer('postgres', () => startPrivatePostgres({ settings: { max_connections: 8 } }), 'postgres');
});

describeWithPrograms('mariadb', 'a MariaDB server without room for another connection', () => {
  onFullServer('mysql', () => startPrivateMariadb({ settings: { 'max-connections': 10 } }), 'mysql');
});
