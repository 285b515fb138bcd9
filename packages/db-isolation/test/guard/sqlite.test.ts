import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import knex from 'knex';
import { claim } from '../../src/guard/guard.ts';
import { claiming, unguarded } from '../../src/guard/scopes.ts';
import { failure } from '../support/rejections.ts';
import { useWorkspace } from '../support/workspace.ts';
import { useGuard } from './use-guard.ts';

const require = createRequire(import.meta.url);

describe('the guard of SQLite files', () => {
  const workspace = useWorkspace();
  const guard = useGuard();

  /** A file below a directory of its own. */
  const file = (directory: string) => {
    mkdirSync(join(workspace.path, directory), { recursive: true });
    return join(workspace.path, directory, 'db.sqlite');
  };
  const open = (name: string) => {
    const db = new Database(name);
    workspace.atEnd(() => db.close());
    return db;
  };

  it('refuses a file without a permit, tells where, and records it, also when the app swallows the error', async () => {
    guard.arm();
    const error = await failure('DBI_FOREIGN_DATABASE', () => open(file('production')));
    expect(error.message).to.contain(file('production')).and.to.contain('guard/sqlite.test.ts:');
    expect(existsSync(file('production'))).to.equal(false);
    expect(guard.violations).to.have.length(1);
    expect(guard.violations[0]).to.include({ kind: 'foreign-database' });
    expect(guard.violations[0]?.place).to.match(/guard\/sqlite\.test\.ts:\d+:\d+/);
    expect(guard.violations[0]?.message).to.contain(file('production'));
  });

  it('lets in what has a permit, what is in memory and what is temporary', () => {
    guard.arm();
    guard.permit(file('lease'));
    for (const name of [file('lease'), join(dirname(file('lease')), 'other.sqlite'), ':memory:', '']) open(name);
    expect(guard.violations).to.deep.equal([]);
  });

  it('follows symbolic links, to files and to directories, and also to what does not exist yet', async () => {
    guard.arm();
    guard.permit(file('lease'));
    const link = (name: string, to: string) => {
      symlinkSync(to, join(workspace.path, name));
      return join(workspace.path, name);
    };
    open(join(link('to-lease', dirname(file('lease'))), 'db.sqlite'));
    const inLease = join(dirname(file('lease')), 'link.sqlite');
    symlinkSync(file('production'), inLease);
    for (const name of [inLease, link('to-production', file('production'))]) {
      const error = await failure('DBI_FOREIGN_DATABASE', () => open(name));
      expect(error.message).to.contain(file('production'));
    }
  });

  it('works for relative paths', async () => {
    guard.arm();
    guard.permit(file('lease'));
    open(relative(process.cwd(), file('lease')));
    await failure('DBI_FOREIGN_DATABASE', () => open(relative(process.cwd(), file('production'))));
  });

  it('works through require, Knex, and another copy of better-sqlite3', async () => {
    guard.arm();
    const name = file('production');
    await failure('DBI_FOREIGN_DATABASE', () => new (require('better-sqlite3') as typeof Database)(name));

    const db = knex({ client: 'better-sqlite3', connection: { filename: name }, useNullAsDefault: true });
    workspace.atEnd(() => db.destroy());
    await failure('DBI_FOREIGN_DATABASE', () => db.raw('select 1'));

    const copy = join(workspace.path, 'node_modules', 'better-sqlite3');
    const original = dirname(require.resolve('better-sqlite3/package.json'));
    cpSync(original, copy, { recursive: true, filter: (path) => !path.endsWith('/deps') && !path.endsWith('/src') });
    const nativeBinding = join(copy, 'build', 'Release', 'better_sqlite3.node');
    const Copy = require(join(copy, 'lib', 'database.js')) as typeof Database;
    await failure('DBI_FOREIGN_DATABASE', () => new Copy(name, { nativeBinding }));
    expect(guard.violations).to.have.length(3);
  });

  it('knows the names that a file has in a URI, and files that are only named as if they were in memory', async () => {
    guard.arm();
    guard.permit(file('lease'));
    for (const name of ['file::memory:?cache=shared', 'file:shared?mode=memory']) {
      await failure('DBI_FOREIGN_DATABASE', () => open(name));
      expect(existsSync(name)).to.equal(false);
    }
    const error = await failure('DBI_FOREIGN_DATABASE', () =>
      open(`file://${file('a b').replace(' ', '%20')}?mode=ro`),
    );
    expect(error.message).to.contain(file('a b'));
  });

  describe('refuses other files in statements', () => {
    const attached = () => `attach '${file('production')}' as other`;
    const refused: [title: string, run: (db: Database.Database) => unknown][] = [
      ['ATTACH with exec', (db) => db.exec(attached())],
      ['ATTACH with prepare', (db) => db.prepare(attached())],
      ['ATTACH DATABASE in capitals', (db) => db.exec(`ATTACH DATABASE "${file('production')}" AS other;`)],
      ['ATTACH after others', (db) => db.exec(`create table a (b); select ';'; ${attached()}`)],
      ['ATTACH after comments', (db) => db.exec(`-- it's\n/* one; */ ${attached()}`)],
      ['ATTACH of a relative path', (db) => db.exec(`attach '${relative(process.cwd(), file('production'))}' as x`)],
      ['ATTACH of a bare name', (db) => db.exec('attach production as other')],
      ['ATTACH of a bound name', (db) => db.prepare('attach ? as other').run(file('production'))],
      ['ATTACH of a computed name', (db) => db.prepare(`attach '${file('production')}' || '' as other`).run()],
      ['ATTACH of a computed name with exec', (db) => db.exec(`attach '${file('production')}' || '' as other`)],
      ['VACUUM INTO', (db) => db.exec(`vacuum main into '${file('production')}'`)],
      ['a backup', (db) => db.backup(file('production'))],
    ];
    for (const [title, run] of refused) {
      it(title, async () => {
        guard.arm();
        guard.permit(file('lease'));
        const db = open(file('lease'));
        await failure('DBI_FOREIGN_DATABASE', () => run(db));
        expect(guard.violations).to.have.length(1);
        expect(db.pragma('database_list')).to.have.length(1);
      });
    }

    it('but not those that are permitted, in memory, or only seem to be', () => {
      guard.arm();
      guard.permit(file('lease'));
      const db = open(file('lease'));
      db.exec(`attach '${join(dirname(file('lease')), 'second.sqlite')}' as second; attach ':memory:' as third`);
      db.exec("create table attach (vacuum text); insert into attach values ('attach ''/x'' as y;')");
      db.prepare('attach ? as fourth').run(':memory:');
      db.exec('vacuum');
      expect(db.prepare("select vacuum from attach where vacuum like '%attach%'").all()).to.have.length(1);
      expect(guard.violations).to.deep.equal([]);
    });
  });

  it('lets the library itself open and attach what it wants', () => {
    guard.arm();
    const db = unguarded(() => open(file('template')));
    db.exec(`attach '${file('clone')}' as clone`);
    expect(guard.violations).to.deep.equal([]);
  });

  describe('at the end of a test', () => {
    it('refuses the file from then on', async () => {
      guard.arm();
      const permit = guard.permit(file('lease'));
      open(file('lease'));
      permit.revoke();
      await failure('DBI_FOREIGN_DATABASE', () => open(file('lease')));
      claiming(() => open(file('lease'))); // the library's client, which has been fenced
      permit.closeRest();
      await failure('DBI_FOREIGN_DATABASE', () => open(file('lease')));
    });

    it('closes and reports what the app has left open, and nothing else', () => {
      guard.arm();
      const permit = guard.permit(file('lease'));
      const other = guard.permit(file('other'));
      const left = open(file('lease'));
      open(file('lease')).close();
      const own = open(file('lease'));
      claim(own);
      const elsewhere = open(file('other'));
      const leaks = permit.closeRest();
      expect(leaks.map(({ kind }) => kind)).to.deep.equal(['open-connection']);
      expect(leaks[0]?.place).to.match(/guard\/sqlite\.test\.ts:\d+/);
      expect([left.open, own.open, elsewhere.open]).to.deep.equal([false, true, true]);
      expect(permit.closeRest()).to.deep.equal([]);
      expect(other.ownPorts()).to.deep.equal(new Set());
    });
  });

  it('does nothing before it is armed, and nothing when the last one is disarmed', async () => {
    open(file('production'));
    const [first, second] = [guard.arm(), guard.arm()];
    first();
    await failure('DBI_FOREIGN_DATABASE', () => open(file('production')));
    second();
    open(file('production')).exec(`attach '${file('more')}' as more`);
    expect(guard.violations).to.have.length(1);
    expect(realpathSync(file('more'))).to.equal(file('more'));
  });
});
