import type { Isolation } from '@acme/db-isolation';
import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { POSTGRES } from '../support/server-kinds.ts';
import { connect, type Sql, urlWith, withSql } from '../support/sql.ts';
import { describeOnServers } from '../support/throwaway-server.ts';
import { dumpPostgres } from './dump.ts';
import { EVERYTHING_SQL } from './everything.ts';

interface Target {
  readonly db: Knex;
  readonly url: string;
}

/** What a test may do to its database. None of it may reach the next one. */
const DEEDS: Readonly<Record<string, (target: Target) => unknown>> = {
  'committed rows and a moved sequence': async ({ db }) => {
    await db('author').insert({ name: 'Edsger' });
    await db.raw("select nextval('tickets'), setval('never_used', 77)");
  },
  'rolled back rows, which move sequences all the same': ({ db }) =>
    db
      .transaction(async (trx) => {
        await trx('author').insert({ name: 'Nobody' });
        throw new Error('changed my mind');
      })
      .catch(() => undefined),
  'schema changes': async ({ db }) => {
    await db.raw('drop table book cascade');
    await db.schema.alterTable('author', (table) => table.string('extra'));
    await db.raw("alter type mood add value 'new'; drop view if exists cheap; create table more (id serial)");
  },
  'failed statements': async ({ db }) => {
    const sql = ['insert into author (name) values (null)', 'insert into nowhere values (1)', 'selec', 'commit'];
    for (const text of sql) await db.raw(text).catch(() => undefined);
  },
  'an open transaction': async ({ db }) => {
    const trx = await db.transaction();
    trx.executionPromise.catch(() => undefined);
    await trx('author').update({ name: 'open' });
  },
  'a query that nobody awaits': ({ db }) => {
    db('author')
      .insert({ name: 'Late' })
      .catch(() => undefined);
  },
  'settings of the database': async ({ db, url }) => {
    const name = `"${new URL(url).pathname.slice(1)}"`;
    await db.raw(`alter database ${name} set work_mem = '1MB'; alter database ${name} reset timezone;
      comment on database ${name} is 'changed'; grant connect on database ${name} to public`);
  },
  'temporary tables, prepared statements and session state': async ({ db }) => {
    await db.raw('create temporary table author (id integer)');
    await db.raw("set search_path = pg_temp; set timezone = 'UTC'; select pg_advisory_lock(42); prepare p as select 1");
  },
  'a second connection left open in a transaction': async ({ url }) => {
    const other = await connect(url);
    open.push(other);
    await other.rows('begin');
    await other.rows('delete from book');
  },
};

const open: Sql[] = [];

describeOnServers(
  'a database when its test starts',
  (server) => {
    /** Names of roles belong to the server, so they are different for each user. */
    const everything = (database: string) =>
      EVERYTHING_SQL.replaceAll(':database', `"${database}"`)
        .replaceAll(':user', POSTGRES.quote(server.user.name))
        .replaceAll(':role', ROLE);
    const dumpOf = (url: string) => withSql(url, dumpPostgres);
    const isolation = (): Isolation<Knex> =>
      server.isolation({
        keep: 'never',
        schema: customSchema({
          fingerprint: EVERYTHING_SQL,
          apply: (_db, { execute, url }) => execute(everything(new URL(url).pathname.slice(1))),
        }),
      });

    beforeEach(async () => {
      const admin = await server.admin();
      await admin.rows(`drop role if exists ${ROLE}`);
      await admin.rows(`create role ${ROLE}`);
    });
    afterEach(async () => {
      await Promise.all(open.splice(0).map((sql) => sql.end().catch(() => undefined)));
    });

    it('equals one that was made by the schema alone', async () => {
      const sql = await connect(server.user.url);
      await sql.rows('create database "made by hand"');
      await sql.end();
      const url = urlWith(server.user.url, { database: 'made by hand' });
      await withSql(url, (connection) => connection.rows(everything('made by hand')));
      const expected = await dumpOf(url);
      expect(expected['rows']).to.have.property('public.author').with.length(2);
      expect(expected['extensions']).to.have.length(7);
      await isolation().run('first', async (lease) => expectSame(await dumpOf(lease.url), expected));
    });

    it('does not show anything that earlier tests did', async () => {
      const used = isolation();
      const expected = await used.run('before all', (lease) => dumpOf(lease.url));
      for (const [name, deed] of Object.entries(DEEDS)) {
        const first = await used.acquire({ title: name });
        await deed(first);
        const during = await used.acquire({ title: 'at the same time' });
        expectSame(await dumpOf(during.url), expected, name);
        await Promise.all([first.release(), during.release()]);
        await used.run('next', async (lease) => {
          expectSame(await dumpOf(lease.url), expected, name);
          const { rows } = await lease.db.raw('show search_path');
          expect(rows, name).to.deep.equal([{ search_path: `"it's ""other""", public, ""` }]);
        });
      }
    });

    it('has a template that nobody can connect to, the user included', async () => {
      await isolation().run('builds it', () => undefined);
      const [template = ''] = await server.names('template');
      const url = urlWith(server.user.url, { database: template });
      const error = await connect(url).then(
        () => expect.fail('it was let in'),
        (reason: Error) => reason,
      );
      expect(error.message).to.contain('not currently accepting connections');
    });
  },
  { kinds: [POSTGRES] },
);

/** Compares part by part, so that a failure shows what is different. */
function expectSame(actual: Record<string, unknown>, expected: Record<string, unknown>, after = ''): void {
  for (const [part, value] of Object.entries(expected)) {
    expect(actual[part], `${part} ${after}`).to.deep.equal(value);
  }
}

const ROLE = 'db_isolation_test_reader';
