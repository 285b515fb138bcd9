import BetterSqlite3, { type Database } from 'better-sqlite3';
import { expect } from 'chai';
import { keepStatements } from '../src/db/keep-statements.ts';
import { onlyOn } from './support/engine.ts';
import { ownDatabases } from './support/own-databases.ts';

onlyOn('sqlite', () => {
  describe('statements kept on a connection', () => {
    const ownDatabase = ownDatabases();
    let connection: Database;

    beforeEach(() => {
      connection = new BetterSqlite3(':memory:');
      keepStatements(connection);
    });

    afterEach(() => {
      connection.close();
    });

    it('are prepared once', () => {
      expect(connection.prepare('SELECT 1')).to.equal(connection.prepare('SELECT 1'));
    });

    it('are those that were used last', () => {
      const [first, second] = [connection.prepare('SELECT 1'), connection.prepare('SELECT 2')];
      for (let number = 3; number <= 200; number += 1) {
        connection.prepare(`SELECT ${number}`);
      }
      expect(connection.prepare('SELECT 1')).to.equal(first);

      connection.prepare('SELECT 201');
      expect(connection.prepare('SELECT 1')).to.equal(first);
      expect(connection.prepare('SELECT 2')).not.to.equal(second);
    });

    it('are not the long ones, of which there may be any number', () => {
      const long = `SELECT '${'x'.repeat(4_000)}'`;
      expect(connection.prepare(long)).not.to.equal(connection.prepare(long));
    });

    it('are not prepared anew by SQLite for the sake of a limit', async () => {
      const db = (await ownDatabase()).open();
      await db.schema.createTable('t', (table) => table.integer('a'));
      await db('t').insert([{ a: 1 }, { a: 2 }, { a: 3 }]);
      expect(await db('t').orderBy('a').limit(1).offset(1).pluck('a')).to.deep.equal([2]);
      expect(await db('t').orderBy('a').limit(0)).to.deep.equal([]);
      expect(await db('t').orderBy('a', 'desc').first()).to.deep.equal({ a: 3 });
      expect(await db('t').where('a', 'in', db('t').select('a').orderBy('a').limit(2)).pluck('a')).to.deep.equal([
        1, 2,
      ]);
      // A bound one would be a parameter that the planner has looked at.
      expect(db('t').limit(1).toSQL().toNative()).to.deep.include({ bindings: [] });
      expect(db('t').first().toSQL().toNative()).to.deep.include({ bindings: [] });
    });

    it('give the columns that a table has by now, whoever has changed it', async () => {
      const database = await ownDatabase();
      const [db, other] = [database.open(), database.open()];
      await db.schema.createTable('t', (table) => table.integer('a'));
      await db('t').insert({ a: 1 });
      expect(await db('t').select('*')).to.deep.equal([{ a: 1 }]);

      await other.raw('ALTER TABLE t ADD COLUMN b integer');
      expect(await db('t').select('*')).to.deep.equal([{ a: 1, b: null }]);

      await other.raw('ALTER TABLE t DROP COLUMN a');
      expect(await db('t').select('*')).to.deep.equal([{ b: null }]);
    });
  });
});
