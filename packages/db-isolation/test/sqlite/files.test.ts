import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { fileOf, pathsBelow, useWorkspace } from '../support/workspace.ts';

const modeOf = (path: string) => `0${(statSync(path).mode & 0o777).toString(8)}`;

describe("files of an SQLite test's database", () => {
  const workspace = useWorkspace();

  it('lie in a directory of their own that is never used again, by any isolation', async () => {
    const seen = new Set<string>();
    for (const isolation of [workspace.isolation(), workspace.isolation()]) {
      for (let time = 0; time < 10; time += 1) {
        await isolation.run('a test', (lease) => {
          const directory = dirname(fileOf(lease));
          expect(seen).not.to.include(directory);
          seen.add(directory);
        });
      }
    }
    expect(seen.size).to.equal(20);
  });

  it('can be read by nobody else, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      const isolation = workspace.isolation({ engine: sqlite({ pragmas: { journal_mode: 'wal' } }), keep: 'always' });
      const lease = await isolation.acquire();
      await lease.db('note').insert({ text: 'so that there is a log' });
      const during = pathsBelow(workspace.root);
      for (const suffix of ['', '-wal', '-shm']) expect(during).to.include(fileOf(lease) + suffix);
      const expectPrivate = (paths: readonly string[]) => {
        for (const path of [workspace.root, ...paths]) {
          expect(modeOf(path), path).to.equal(statSync(path).isDirectory() ? '0700' : '0600');
        }
      };
      expectPrivate(during);
      await lease.release();
      expectPrivate(pathsBelow(workspace.root));
    } finally {
      process.umask(umask);
    }
  });

  it('go with everything that lies beside them', async () => {
    const lease = await workspace.isolation().acquire();
    const directory = dirname(fileOf(lease));
    await lease.db.raw('pragma journal_mode = wal');
    await lease.db.raw(`attach '${join(directory, 'other.sqlite')}' as other`);
    await lease.db.raw('create table other.extra (id integer)');
    workspace.write('x', {});
    const second = new Database(fileOf(lease));
    second.prepare('select * from note').all();
    await lease.release();
    expect(statSync(directory, { throwIfNoEntry: false })).to.equal(undefined);
    second.close();
    expect(statSync(directory, { throwIfNoEntry: false })).to.equal(undefined);
  });

  it('are copied and removed just the same when they are large', async () => {
    const isolation = workspace.isolation({
      schema: {
        fingerprint: () => 'large',
        apply: (_db, { execute }) => execute('create table big as select zeroblob(3000000) as data'),
      },
    });
    const lease = await isolation.acquire();
    expect(await lease.db('big').select(lease.db.raw('length(data) as n'))).to.deep.equal([{ n: 3_000_000 }]);
    expect(statSync(fileOf(lease)).size).to.be.greaterThan(3_000_000);
    await lease.release();
    expect(statSync(dirname(fileOf({ url: `file://${workspace.root}` })), { throwIfNoEntry: false })).not.to.equal(
      undefined,
    );
    expect(pathsBelow(join(workspace.root, 'runs')).filter((path) => path.endsWith('.sqlite'))).to.deep.equal([]);
  });

  for (const name of ['with spaces', `with 'single' and "double" quotes`, '100% #1 ?x=y&z', 'größe-数据库-💾']) {
    it(`can be opened elsewhere by URL below a directory named ${name}`, async () => {
      process.env['DB_ISOLATION_DIR'] = join(workspace.path, name);
      const lease = await workspace.isolation().acquire();
      expect(lease.url).to.match(/^sqlite:\/\/\/[!-~]+\/db\.sqlite$/);
      expect(fileOf(lease)).to.contain(join(workspace.path, name));
      const elsewhere = new Database(fileOf(lease), { fileMustExist: true });
      elsewhere.prepare('insert into note (text) values (?)').run('elsewhere');
      elsewhere.close();
      expect(await lease.db('note').pluck('text')).to.include('elsewhere');
      await lease.release();
    });
  }
});
