import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import { type KnexMigrationsOptions, knexMigrations } from '@acme/db-isolation/schemas/knex-migrations';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { failure, rejection } from '../support/rejections.ts';
import { sqlSchema } from '../support/schemas.ts';
import { fileOf, setEnvironment, useWorkspace } from '../support/workspace.ts';

const LONG_AGO = new Date('2001-01-01');

describe('an SQLite template', () => {
  const workspace = useWorkspace();
  afterEach(() => setEnvironment('TEMPLATES_TEST', undefined));

  const templates = () => join(workspace.root, 'templates');
  const templateFile = () => join(templates(), workspace.names('templates')[0] ?? '', 'db.sqlite');

  /** A schema source that counts how often it is applied. */
  function counting(apply?: (db: Knex, url: string) => unknown) {
    const counted = {
      builds: 0,
      schema: customSchema<Knex>({
        fingerprint: 'counting',
        async apply(db, { execute, url }) {
          counted.builds += 1;
          await execute("create table note (id integer primary key, text text); insert into note values (1, 'first')");
          await apply?.(db, url);
        },
      }),
    };
    return counted;
  }
  const notes = ({ db }: { readonly db: Knex }) => db('note').pluck('text');

  describe('is built anew', () => {
    const build = async (options: Partial<KnexMigrationsOptions> = {}, client = knexClient(), engine = sqlite()) => {
      const schema = knexMigrations({
        directory: `${workspace.path}/project/migrations`,
        seeds: `${workspace.path}/project/seeds`,
        ...options,
      });
      const isolation = workspace.isolation({ schema, client, engine });
      await isolation.run('a test', () => undefined);
      await isolation.close();
      return workspace.names('templates').length;
    };
    const write = (changes: Readonly<Record<string, string>> = {}) =>
      workspace.write('project', {
        'migrations/1.cjs':
          "const name = require('../lib/name.cjs'); exports.up = async () => {}; exports.down = async () => {};",
        'lib/name.cjs': 'module.exports = "note";',
        'seeds/1.cjs': 'exports.seed = async () => {};',
        ...changes,
      });
    const pass = { warn: () => undefined };

    const changes: Readonly<Record<string, () => Promise<number>>> = {
      'the text of a migration changes': () => {
        write({ 'migrations/1.cjs': 'exports.up = async () => {}; exports.down = async () => {};' });
        return build();
      },
      'a migration is added': () => {
        write({ 'migrations/2.cjs': 'exports.up = async () => {}; exports.down = async () => {};' });
        return build();
      },
      'a module changes that a migration imports': () => {
        write({ 'lib/name.cjs': 'module.exports = "other";' });
        return build();
      },
      'a seed changes': () => {
        write({ 'seeds/1.cjs': 'exports.seed = async () => undefined;' });
        return build();
      },
      'a variable changes that is listed': () => {
        process.env['TEMPLATES_TEST'] = 'set';
        return build({ env: ['TEMPLATES_TEST'] });
      },
      'a pragma changes': () => build({}, knexClient(), sqlite({ pragmas: { journal_mode: 'wal' } })),
      'an option of the client changes': () => build({}, knexClient({ config: { log: pass } })),
      'an option of the migrator changes': () => build({ migrator: { tableName: 'migrations' } }),
    };
    for (const [when, change] of Object.entries(changes)) {
      it(`when ${when}`, async () => {
        write();
        expect(await build()).to.equal(1);
        expect(await change()).to.equal(2);
      });
    }

    it('but not for files that lie beside the migrations', async () => {
      write();
      await build();
      write({ 'migrations/readme.md': 'text', 'lib/unrelated.cjs': '' });
      expect(await build()).to.equal(1);
    });
  });

  it('is built once by isolations of one process that ask at the same moment', async () => {
    const counted = counting();
    const isolations = Array.from({ length: 4 }, () => workspace.isolation({ schema: counted.schema }));
    const acquiring = isolations.flatMap((isolation) => [1, 2, 3].map(() => isolation.run('a test', notes)));
    for (const found of await Promise.all(acquiring)) expect(found).to.deep.equal(['first']);
    expect(counted.builds).to.equal(1);
  });

  it('is built once per isolation and found by the next', async () => {
    const counted = counting();
    for (let time = 0; time < 3; time += 1) {
      const isolation = workspace.isolation({ schema: counted.schema });
      await isolation.run('first', notes);
      await isolation.run('second', notes);
      await isolation.close();
    }
    expect(counted.builds).to.equal(1);
  });

  it('that is not built in time fails the tests that want it, and may be built by the next', async () => {
    let hangs = true;
    const { schema } = counting(() => (hangs ? new Promise(() => undefined) : undefined));
    const impatient = workspace.isolation({ schema, engine: sqlite({ templateTimeout: 50 }) });
    await failure('DBI_TEMPLATE_TIMEOUT', () => impatient.acquire());
    hangs = false;
    expect(await workspace.isolation({ schema }).run('the next', notes)).to.deep.equal(['first']);
  });

  it('is built again after a build that failed, which leaves nothing', async () => {
    let broken = true;
    const counted = counting(() => {
      if (broken) throw new Error('not yet');
    });
    const isolation = workspace.isolation({ schema: counted.schema });
    for (let time = 0; time < 2; time += 1) {
      expect((await rejection(isolation.acquire())).message).to.equal('not yet');
      expect(workspace.names('templates')).to.deep.equal([]);
      for (const run of workspace.names('runs')) {
        expect(readdirSync(join(workspace.root, 'runs', run))).to.deep.equal([]);
      }
    }
    broken = false;
    expect(await isolation.run('works', notes)).to.deep.equal(['first']);
    expect(counted.builds).to.equal(3);
  });

  it('is built again when it was damaged', async () => {
    const damages: Readonly<Record<string, () => void>> = {
      'cut short': () => truncateSync(templateFile(), 100),
      empty: () => truncateSync(templateFile()),
      gone: () => rmSync(templateFile()),
      'without its seal': () => rmSync(join(templateFile(), '..', 'sealed.json')),
      'with half a seal': () => writeFileSync(join(templateFile(), '..', 'sealed.json'), '{"si'),
    };
    const counted = counting();
    for (const [what, damage] of Object.entries({ nothing: () => undefined, ...damages })) {
      damage();
      counted.builds = 0;
      expect(await workspace.isolation({ schema: counted.schema }).run(what, notes)).to.deep.equal(['first']);
      expect(counted.builds, what).to.equal(1);
    }
  });

  it('is built again for the next test when it was removed under a live isolation', async () => {
    const counted = counting();
    const isolation = workspace.isolation({ schema: counted.schema });
    const lease = await isolation.acquire();
    rmSync(templates(), { recursive: true });
    mkdirSync(templates(), { mode: 0o700 });
    expect(await notes(lease)).to.deep.equal(['first']);
    const found = await Promise.all([1, 2, 3].map(() => isolation.run('next', notes)));
    expect(found).to.deep.equal([['first'], ['first'], ['first']]);
    expect(counted.builds).to.equal(2);
  });

  it('goes when there are 8 that were used later, whatever the age of their files', async () => {
    const build = (name: string) =>
      workspace.isolation({ schema: sqlSchema(`create table ${name} (id integer)`) }).run(name, () => undefined);
    for (let number = 0; number < 8; number += 1) {
      await build(`t${number}`);
      for (const name of workspace.names('templates')) {
        const path = join(templates(), name);
        utimesSync(path, statSync(path).atime, new Date(statSync(path).mtimeMs - 60_000));
      }
    }
    const byUse = () =>
      workspace
        .names('templates')
        .sort((a, b) => statSync(join(templates(), a)).mtimeMs - statSync(join(templates(), b)).mtimeMs);
    const [oldest = '', second = ''] = byUse();
    await build('t0'); // used again: no longer the oldest
    expect(byUse()[0]).to.equal(second);
    await build('one_more');
    expect(workspace.names('templates')).to.have.length(8).and.include(oldest).and.not.include(second);
    await build('and_another');
    expect(workspace.names('templates')).to.have.length(8).and.include(oldest);
    expect((await workspace.isolation().sweep()).templates).to.equal(0);
  });

  it('stays while it is being built, even when the clock of all others is ahead', async () => {
    await workspace.isolation().run('makes the directories', () => undefined);
    const future = new Date(Date.now() + 86_400_000);
    for (let number = 0; number < 8; number += 1) {
      const path = join(templates(), String(number).repeat(32));
      mkdirSync(path);
      utimesSync(path, future, future);
    }
    const counted = counting();
    await workspace.isolation({ schema: counted.schema }).run('a test', () => undefined);
    expect(counted.builds).to.equal(1);
  });

  it('goes alone: nothing is removed that is not a template or its lock', async () => {
    await workspace.isolation().run('makes the directories', () => undefined);
    const [fingerprint = ''] = workspace.names('templates');
    const foreign = ['templates/readme.md', 'templates/mine/x', 'locks/notes.txt', 'locks/x.lock', 'locks/mine/x'];
    for (const path of foreign) workspace.write('', { [`db-isolation-${process.getuid?.()}/${path}`]: 'mine' });
    const unused = `${'e'.repeat(32)}.lock`;
    const fresh = `${'f'.repeat(32)}.lock`;
    for (const name of [unused, fresh]) writeFileSync(join(workspace.root, 'locks', name), '');
    for (const name of workspace.names('locks')) {
      if (name !== fresh) utimesSync(join(workspace.root, 'locks', name), LONG_AGO, LONG_AGO);
    }
    await workspace.isolation().sweep();
    for (const path of foreign) expect(readFileSync(join(workspace.root, path), 'utf8')).to.equal('mine');
    expect(workspace.names('locks')).to.include(fresh).and.include(`${fingerprint}.lock`).and.not.include(unused);
  });

  describe('whose schema source leaves something open', () => {
    const open: Database.Database[] = [];
    afterEach(() => {
      for (const db of open.splice(0)) db.close();
    });
    const connect = (url: string) => {
      const db = new Database(fileOf({ url }));
      open.push(db);
      return db;
    };

    for (const mode of ['delete', 'wal']) {
      it(`refuses a connection that is writing, in journal mode ${mode}, and is built when that has ended`, async () => {
        const counted = counting((db, url) =>
          db.raw(`pragma journal_mode = ${mode}`).then(() => {
            if (open.length === 0) connect(url).exec("begin immediate; insert into note values (9, 'unfinished')");
          }),
        );
        const isolation = workspace.isolation({ schema: counted.schema });
        const error = await failure('DBI_TEMPLATE_IN_USE', () => isolation.acquire());
        expect(error.message).to.contain('close it before the migration ends');
        expect(workspace.names('templates')).to.deep.equal([]);
        expect(await isolation.run('next', notes)).to.deep.equal(['first']);
      });

      it(`does not change when an idle connection is used later, in journal mode ${mode}`, async () => {
        const counted = counting(async (db, url) => {
          await db.raw(`pragma journal_mode = ${mode}`);
          connect(url).exec("insert into note values (2, 'second')");
        });
        const isolation = workspace.isolation({ schema: counted.schema });
        expect(await isolation.run('first', notes)).to.deep.equal(['first', 'second']);
        try {
          open[0]?.exec("insert into note values (3, 'late')");
        } catch {
          // its file is gone, and SQLite may notice
        }
        expect(await isolation.run('second', notes)).to.deep.equal(['first', 'second']);
      });
    }

    it('refuses a connection that keeps rows in the write-ahead log by reading, instead of losing them', async () => {
      const counted = counting(async (db, url) => {
        await db.raw('pragma journal_mode = wal');
        connect(url).exec('begin; select * from note');
        await db('note').insert({ text: 'second' });
      });
      const isolation = workspace.isolation({ schema: counted.schema });
      await failure('DBI_TEMPLATE_IN_USE', () => isolation.acquire());
      expect(workspace.names('templates')).to.deep.equal([]);
    });

    it('refuses a transaction that was not committed, instead of losing its rows without a word', async () => {
      const counted = counting(async (db) => {
        const transaction = await db.transaction();
        transaction.executionPromise.catch(() => undefined);
        await transaction('note').insert({ text: 'forgotten' });
      });
      const error = await failure('DBI_TEMPLATE_IN_USE', () =>
        workspace.isolation({ schema: counted.schema }).acquire(),
      );
      expect(error.message).to.contain('left a transaction open').and.to.contain('does not commit');
    });
  });

  it('is not touched by the tests that use it', async () => {
    const isolation = workspace.isolation();
    await isolation.run('first', () => undefined);
    const before = readFileSync(templateFile());
    await isolation.run('writes', async ({ db }) => db('note').insert({ text: 'x' }));
    expect(readFileSync(templateFile()).equals(before)).to.equal(true);
    expect(existsSync(`${templateFile()}-wal`)).to.equal(false);
  });
});
