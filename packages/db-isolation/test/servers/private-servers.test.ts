import { existsSync } from 'node:fs';
import { expect } from 'chai';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import { endProgramsAfterEach, startProgram } from '../support/programs.ts';
import { rejection } from '../support/rejections.ts';
import { describeWithPrograms } from '../support/servers/available.ts';
import { startPrivateMariadb } from '../support/servers/private-mariadb.ts';
import { startPrivatePostgres } from '../support/servers/private-postgres.ts';
import type { PrivateServer } from '../support/servers/private-server.ts';

const kinds = {
  postgres: {
    start: () => startPrivatePostgres({ settings: { max_connections: 7 } }),
    setting: "select current_setting('max_connections') as value",
    createUser: 'create role guest login',
    query: queryPostgres,
  },
  mariadb: {
    start: () => startPrivateMariadb({ settings: { 'max-connections': 11 } }),
    setting: 'select @@max_connections as value',
    createUser: "create user guest@'%'",
    query: queryMariadb,
  },
} as const;

for (const kind of ['postgres', 'mariadb'] as const) {
  const { start, setting, createUser, query } = kinds[kind];

  describeWithPrograms(kind, `a private server: ${kind}`, () => {
    let server: PrivateServer;

    before(async () => {
      server = await start();
      await query(server.url(), 'create database kept');
    });
    after(() => server.stop());

    it('has the settings that it was started with', async () => {
      expect(await query(server.url(), setting)).to.equal(kind === 'postgres' ? '7' : 11);
    });

    it('asks its administrator for a password, and nobody else', async () => {
      await query(server.url(), createUser);
      await query(server.url('guest', kind === 'postgres' ? 'postgres' : ''), 'select 1 as value');
      const url = new URL(server.url());
      url.password = 'wrong';
      expect((await rejection(query(url.href, 'select 1'))).message).to.match(/password|denied/);
    });

    it('has its data and its port again after a restart, in good order or not', async () => {
      const data = server.url(undefined, 'kept');
      await query(data, 'create table word (value int)');
      await query(data, 'insert into word values (1)');
      await server.restart();
      expect(await query(data, 'select value from word')).to.equal(1);
      await server.kill();
      expect((await rejection(query(data, 'select 1'))).message).to.contain('ECONNREFUSED');
      await server.restart();
      expect(await query(data, 'select value from word')).to.equal(1);
    });

    it('leaves nothing when it is stopped', async () => {
      const other = await start();
      expect(existsSync(other.directory)).to.equal(true);
      await Promise.all([other.stop(), other.stop()]);
      expect(existsSync(other.directory)).to.equal(false);
      expect((await rejection(query(other.url(), 'select 1'))).message).to.contain('ECONNREFUSED');
    });

    describe('ends with the process that started it', () => {
      endProgramsAfterEach();

      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        it(`when that is ended by ${signal}`, async () => {
          const program = startProgram('private-server', { args: [kind] });
          const [url, directory] = [await program.said('url'), await program.said('directory')];
          expect(existsSync(directory)).to.equal(true);
          await program.kill(signal); // also waits for everybody to whom the program gave its output
          expect(existsSync(directory)).to.equal(false);
          expect((await rejection(query(url, 'select 1'))).message).to.contain('ECONNREFUSED');
        });
      }
    });
  });
}

/** The column `value` of the first row. */
async function queryPostgres(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows[0]?.value;
  } finally {
    await client.end();
  }
}

/** The same. */
async function queryMariadb(url: string, sql: string): Promise<unknown> {
  const connection = await mysql.createConnection({ uri: url });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows[0]?.['value'];
  } finally {
    await connection.end();
  }
}
