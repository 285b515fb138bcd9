import { expect } from 'chai';
import type { Knex } from 'knex';
import { migrate, migrationSource } from '../src/db/migrate.ts';
import { refuseOldMysql } from '../src/db/mysql.ts';
import { refuseOldPostgres } from '../src/db/postgres.ts';
import { handOver, validate } from './support/api.ts';
import { onlyOn } from './support/engine.ts';
import { isolation } from './support/isolation.ts';
import { ownDatabases } from './support/own-databases.ts';

const names = async () => (await migrationSource.getMigrations([])).map(({ name }) => name);
const migrated = (db: Knex) => db('knex_migrations').orderBy('id').pluck('name');

describe('the migrations', () => {
  const ownDatabase = ownDatabases();

  it('fill an empty database, and do nothing to one that is up to date', async () => {
    const database = await ownDatabase();
    await migrate(database.open());
    const db = database.open();
    await migrate(db);

    expect(await migrated(db)).to.deep.equal(await names());
  });

  it('are undone to an empty database, and done again', async () => {
    const db = (await ownDatabase()).open();
    await migrate(db);
    await db.migrate.rollback({ migrationSource }, true);

    for (const table of ['invoices', 'line_items', 'review_history']) {
      expect(await db.schema.hasTable(table), table).to.equal(false);
    }
    await migrate(db);
    expect(await migrated(db)).to.deep.equal(await names());
  });

  it('leave a table of another program alone that bears the name of one of theirs', async () => {
    const db = (await ownDatabase()).open();
    await db.schema.createTable('line_items', (table) => table.integer('theirs'));

    const failure = await migrate(db).catch((error: Error) => error);
    expect(failure).to.be.instanceOf(Error);
    expect(await db.schema.hasColumn('line_items', 'theirs')).to.equal(true);
  });

  it('make a history that no statement can change', async () => {
    await handOver({ id: 'A' });
    await validate({ invoice_id: 'A', expected_review_version: 0, validation_notes: 'kept' });
    const { db } = isolation.current();

    const attempts = [db('review_history').update({ notes: 'x' }), db('review_history').delete()];
    for (const attempt of attempts) {
      expect(await attempt.catch((error: Error) => error))
        .to.have.property('message')
        .that.matches(/append-only/);
    }
    expect(await db('review_history').pluck('notes')).to.deep.equal(['kept']);
  });

  // Not on SQLite, which waits for its file without letting others of the process go on.
  onlyOn(['postgres', 'mysql'], () => {
    it('happen once when several start at the same moment', async () => {
      const database = await ownDatabase();
      const dbs = Array.from({ length: 4 }, () => database.open());
      await Promise.all(dbs.map(migrate));

      expect(await migrated(database.open())).to.deep.equal(await names());
    });
  });

  onlyOn('postgres', () => {
    it('make a history that TRUNCATE cannot empty', async () => {
      const { db } = isolation.current();
      for (const statement of ['TRUNCATE review_history', 'TRUNCATE invoices CASCADE']) {
        const failure = await db.raw(statement).catch((error: Error) => error);
        expect(failure)
          .to.have.property('message')
          .that.matches(/append-only/);
      }
    });

    it('refuse a database that cannot hold every text', async () => {
      const db = (await ownDatabase("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")).open();
      const failure = await migrate(db).catch((error: Error) => error);
      expect(failure).to.have.property('message', "the database is encoded as LATIN1: make one with ENCODING 'UTF8'");
    });
  });

  for (const version of ['14.9', '9.6.24', '14.9 (Debian 14.9-1)']) {
    it(`refuse PostgreSQL ${version}`, () => {
      expect(() => refuseOldPostgres(version)).to.throw(/15 or later is needed/);
    });
  }
  for (const version of ['15.2 (Debian 15.2-1)', '18beta1', '100.1']) {
    it(`take PostgreSQL ${version}`, () => refuseOldPostgres(version));
  }
  for (const version of ['5.7.44', '8.0.16', '10.6.18-MariaDB', '5.5.68-MariaDB-log']) {
    it(`refuse MySQL ${version}`, () => {
      expect(() => refuseOldMysql(version)).to.throw(/or later is needed/);
    });
  }
  for (const version of [
    '8.0.17',
    '8.4.0-log',
    '9.1.0',
    '10.11.0-MariaDB',
    '10.11.19-MariaDB-0+deb12u1',
    '11.4.2-MariaDB',
  ]) {
    it(`take MySQL ${version}`, () => refuseOldMysql(version));
  }
});
