import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Knex } from 'knex';
import { dump } from '../support/dump.ts';
import { EVERYTHING_SQL, sqlSchema } from '../support/schemas.ts';
import { fileOf, useWorkspace } from '../support/workspace.ts';

interface Target {
  readonly db: Knex;
  readonly url: string;
}

/** What a test may do to its database. None of it may reach the next one. */
const DEEDS: Readonly<Record<string, (target: Target) => unknown>> = {
  'committed rows': ({ db }) => db('author').insert({ name: 'Edsger' }),
  'a committed transaction': ({ db }) =>
    db.transaction(async (trx) => {
      await trx('author').del();
      await trx('author').insert({ id: 500, name: 'Barbara' });
    }),
  'rows inserted and deleted again': async ({ db }) => {
    await db('author').insert({ id: 1000, name: 'Gone' });
    await db('author').where({ id: 1000 }).del();
  },
  'schema changes': async ({ db }) => {
    await db.schema.dropTable('book');
    await db.schema.alterTable('author', (table) => table.string('email'));
    await db.schema.createTable('extra', (table) => table.increments());
    await db.raw('create trigger t after insert on author begin delete from author; end');
  },
  'dropped views, indexes and triggers': async ({ db }) => {
    for (const what of ['view cheap', 'index book_title', 'trigger book_words']) await db.raw(`drop ${what}`);
  },
  'failed statements': async ({ db }) => {
    const sql = ['insert into author (name) values (null)', 'insert into nowhere values (1)', 'selec', 'commit'];
    for (const text of sql) await db.raw(text).catch(() => undefined);
  },
  'a rolled back transaction': ({ db }) =>
    db
      .transaction(async (trx) => {
        await trx('author').insert({ id: 2000, name: 'Nobody' });
        throw new Error('changed my mind');
      })
      .catch(() => undefined),
  'an open transaction': async ({ db }) => {
    const trx = await db.transaction();
    trx.executionPromise.catch(() => undefined);
    await trx('author').update({ name: db.raw("name || '!'") });
  },
  'a query that nobody awaits': ({ db }) => {
    db('author')
      .insert({ name: 'Late' })
      .catch(() => undefined);
  },
  'settings in the file': async ({ db }) => {
    for (const pragma of ['user_version = 1', 'application_id = 2']) await db.raw(`pragma ${pragma}`);
  },
  'another journal mode': ({ db }) => db.raw('pragma journal_mode = truncate'),
  'write-ahead log and checkpoint': async ({ db }) => {
    await db.raw('pragma journal_mode = wal');
    await db('author').insert({ name: 'Logged' });
    await db.raw('pragma wal_checkpoint(truncate)');
  },
  'a vacuum with another page size': async ({ db }) => {
    for (const sql of ['pragma journal_mode = delete', 'pragma page_size = 8192', 'vacuum']) await db.raw(sql);
  },
  'reset AUTOINCREMENT values': ({ db }) => db.raw('delete from sqlite_sequence'),
  'a second connection of its own': (target) => {
    const other = new Database(fileOf(target));
    open.push(other);
    other.exec("insert into author (name) values ('Second'); drop view if exists cheap");
    other.close();
  },
  'a second connection left open in a transaction': (target) => {
    const other = new Database(fileOf(target));
    other.exec("begin immediate; insert into author (name) values ('Held')");
    open.push(other);
  },
};

const open: Database.Database[] = [];

for (const mode of ['delete', 'wal'] as const) {
  describe(`a database when its test starts, with a template in journal mode ${mode}`, () => {
    const workspace = useWorkspace();
    afterEach(() => {
      for (const db of open.splice(0)) db.close();
    });

    /** The same database made without this library. */
    function reference(): Record<string, unknown> {
      mkdirSync(join(workspace.path, 'reference'));
      const file = join(workspace.path, 'reference', 'db');
      const db = new Database(file);
      db.exec(`pragma journal_mode = ${mode}; ${EVERYTHING_SQL}`);
      db.close();
      return dump(file);
    }

    const isolation = () =>
      workspace.isolation({
        engine: sqlite({ pragmas: mode === 'wal' ? { journal_mode: mode } : {} }),
        schema: sqlSchema(EVERYTHING_SQL),
      });

    it('equals one that was made by the schema alone', async () => {
      const expected = reference();
      expect(expected['settings']).to.deep.include(['journal_mode', mode]);
      expect(expected['rows']).to.deep.include(['sqlite_sequence', [['author', 9], ['book', 2]]]); // biome-ignore format: a row each
      await isolation().run('first', (lease) => expect(dump(fileOf(lease))).to.deep.equal(expected));
    });

    for (const [name, deed] of Object.entries(DEEDS)) {
      it(`does not show an earlier test's ${name}`, async () => {
        const expected = reference();
        const used = isolation();
        const first = await used.acquire({ title: name });
        await deed(first);
        const during = await used.acquire({ title: 'at the same time' });
        expect(dump(fileOf(during))).to.deep.equal(expected);
        await Promise.all([first.release(), during.release()]);
        await used.run('next', (lease) => expect(dump(fileOf(lease))).to.deep.equal(expected));
      });
    }
  });
}

describe('databases of many tests one after another', () => {
  const workspace = useWorkspace();

  it('equal the template whatever the tests before did, in any order', async () => {
    const isolation = workspace.isolation({ schema: sqlSchema(EVERYTHING_SQL), leaks: 'ignore' });
    const expected = await isolation.run('first', (lease) => dump(fileOf(lease)));
    const deeds = fc.array(fc.constantFrom(...Object.keys(DEEDS)), { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(deeds, async (names) => {
      await isolation.run('before', async (lease) => {
        for (const name of names) {
          await (async () => DEEDS[name]?.(lease))().catch(() => undefined); // may fail after an earlier one
          if (name.includes('open')) break; // whatever follows would wait for the connection
        }
      });
      for (const db of open.splice(0)) db.close();
      await isolation.run('after', (lease) => expect(dump(fileOf(lease))).to.deep.equal(expected));
    });
    await fc.assert(property, { numRuns: 40 });
  });
});
