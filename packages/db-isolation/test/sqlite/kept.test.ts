import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Kept, Lease } from '@acme/db-isolation';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { fileOf, useWorkspace } from '../support/workspace.ts';

const DAY_MS = 86_400_000;

async function keep(lease: Lease<Knex>): Promise<Kept> {
  const { outcome, kept } = await lease.release({ failed: true });
  expect(outcome).to.equal('kept');
  return kept ?? expect.fail('nothing was kept');
}

const notesIn = (kept: Kept) => {
  const db = new Database(fileOf(kept), { readonly: true });
  const notes = db.prepare('select text from note order by id').pluck().all();
  db.close();
  return notes;
};

describe('a kept SQLite database', () => {
  const workspace = useWorkspace();

  it('is that of a failed test, or of every test, or of none', async () => {
    const outcomes = async (keep: 'failed' | 'always' | 'never') => {
      const isolation = workspace.isolation({ keep });
      const passed = await (await isolation.acquire()).release();
      const failed = await (await isolation.acquire()).release({ failed: true });
      return [passed, failed].map(({ outcome, reason }) => `${outcome}: ${reason}`);
    };
    expect(await outcomes('failed')).to.deep.equal([
      "dropped: the test did not fail and keep is 'failed'",
      "kept: the test failed and keep is 'failed'",
    ]);
    expect((await outcomes('always')).join()).to.match(/^kept: .*,kept: /);
    expect((await outcomes('never')).join()).to.match(/^dropped: .*,dropped: /);
  });

  it('survives the end of its isolation with all that the test committed, and nothing that it did not', async () => {
    const isolation = workspace.isolation();
    const lease = await isolation.acquire({ title: 'fails' });
    await lease.db('note').insert({ text: 'committed' });
    const transaction = await lease.db.transaction();
    transaction.executionPromise.catch(() => undefined);
    await transaction('note').insert({ text: 'uncommitted' });
    const kept = await keep(lease);
    await isolation.close();
    expect(notesIn(kept)).to.deep.equal(['from the template', 'committed']);
    expect(kept.title).to.equal('fails');
  });

  it('has what is still in its write-ahead log', async () => {
    const isolation = workspace.isolation({ engine: sqlite({ pragmas: { journal_mode: 'wal' } }) });
    const lease = await isolation.acquire();
    const reader = new Database(fileOf(lease)); // as long as it is open, nothing moves the log into the file
    reader.prepare('select * from note').all();
    await lease.db('note').insert({ text: 'in the log' });
    const kept = await keep(lease);
    expect(existsSync(`${fileOf(kept)}-wal`)).to.equal(true);
    expect(notesIn(kept)).to.deep.equal(['from the template', 'in the log']);
    reader.close();
  });

  it('is opened by its command, whatever the directory is called', async () => {
    process.env['DB_ISOLATION_DIR'] = join(workspace.path, `it's "here" $(touch pwned) \`x\` %20`);
    const kept = await keep(await workspace.isolation().acquire());
    // The shell reads the command as the user's would; the program in it only has to get the path of the file.
    const [path] = execFileSync('sh', ['-c', `sqlite3() { printf '%s\\n' "$@"; }\n${kept.command}`], {
      encoding: 'utf8',
      cwd: workspace.path,
    }).split('\n');
    expect(path).to.equal(fileOf(kept));
    expect(readdirSync(workspace.path)).not.to.include('pwned');
  });

  for (const [what, title] of [
    ['quotes', `says "no" to 'yes' and \`x\``],
    ['separators', '../../../etc/passwd\u0000\n'],
    ['other alphabets', 'größer als 数据库 💾'],
    ['500 letters', 'a long title '.repeat(40)],
    ['nothing', ''],
    ['hyphens', '-----'],
  ] as const) {
    it(`keeps its title when that has ${what} in it, and removes it when asked`, async () => {
      const kept = await keep(await workspace.isolation().acquire({ title }));
      expect(kept.title).to.equal(title);
      const name = basename(dirname(fileOf(kept)));
      expect(name).to.match(/^kept-\d{13}-[a-z0-9-]{0,41}-[0-9a-f]{12}$/);
      expect(notesIn(kept)).to.deep.equal(['from the template']);
      await workspace.isolation().sweep();
      await kept.discard();
      await kept.discard();
      expect(existsSync(dirname(fileOf(kept)))).to.equal(false);
    });
  }

  /** Puts databases of the past beside a kept one; answers the names of those that are still there after a sweep. */
  async function sweepWith(project: string, past: readonly number[]) {
    for (const [index, at] of past.entries()) {
      const directory = join(project, `kept-${at}-old-${String(index).padStart(12, '0')}`);
      mkdirSync(directory);
      writeFileSync(join(directory, 'db.sqlite'), '');
    }
    const report = await workspace.isolation().sweep();
    return { report, left: readdirSync(project) };
  }

  it('goes after 7 days', async () => {
    const kept = await keep(await workspace.isolation().acquire());
    const project = dirname(dirname(fileOf(kept)));
    const now = Date.now();
    const { report, left } = await sweepWith(project, [now - 8 * DAY_MS, now - 7 * DAY_MS - 60_000, now - 6 * DAY_MS]);
    expect(report).to.deep.equal({ runs: 0, kept: 2, templates: 0 });
    expect(left.filter((name) => name.includes('-old-'))).to.deep.equal([`kept-${now - 6 * DAY_MS}-old-000000000002`]);
    expect(notesIn(kept)).to.deep.equal(['from the template']);
  });

  it('goes when its project has 20 newer ones, without a sweep', async () => {
    const first = await keep(await workspace.isolation().acquire());
    const project = dirname(dirname(fileOf(first)));
    const now = Date.now();
    const past = Array.from({ length: 19 }, (_, index) => now - (index + 1) * 1_000);
    const { report } = await sweepWith(project, past);
    expect(report.kept).to.equal(0);
    const second = await keep(await workspace.isolation().acquire());
    const left = readdirSync(project);
    expect(left).to.have.length(20);
    expect(left).not.to.include(`kept-${now - 19_000}-old-000000000018`);
    for (const kept of [first, second]) expect(existsSync(fileOf(kept))).to.equal(true);
  });

  it('stays while its run goes on: when a run has kept 20, it keeps no more and says so', async () => {
    const isolation = workspace.isolation();
    const kept: Kept[] = [];
    for (let number = 0; number < 20; number += 1) kept.push(await keep(await isolation.acquire()));
    const { outcome, reason } = await (await isolation.acquire()).release({ failed: true });
    expect({ outcome, reason }).to.deep.equal({
      outcome: 'dropped',
      reason: 'this run has kept as many databases as a project may have',
    });
    expect(kept.filter((database) => !existsSync(fileOf(database)))).to.deep.equal([]);
    await kept[0]?.discard();
    await keep(await isolation.acquire());
  });

  it('counts each project, a working directory, for itself', async () => {
    const kept = await keep(await workspace.isolation().acquire());
    const project = dirname(dirname(fileOf(kept)));
    const other = join(dirname(project), 'f'.repeat(32));
    mkdirSync(other);
    const past = Array.from({ length: 20 }, (_, index) => Date.now() - index * 1_000);
    expect((await sweepWith(other, past)).report.kept).to.equal(0);
    expect((await sweepWith(project, [])).left).to.have.length(1);
  });

  it('takes nothing along that the library did not make', async () => {
    const kept = await keep(await workspace.isolation().acquire());
    const project = dirname(dirname(fileOf(kept)));
    const foreign = [
      join(project, 'notes.txt'),
      join(project, 'kept-1000000000000-by-hand'),
      join(dirname(project), 'kept-1000000000000-x-000000000000'),
      join(dirname(project), 'readme.md'),
    ];
    for (const path of foreign) writeFileSync(path, 'mine');
    mkdirSync(join(dirname(project), 'my-project', 'kept-1000000000000-x-000000000000'), { recursive: true });
    expect(await workspace.isolation().sweep()).to.deep.equal({ runs: 0, kept: 0, templates: 0 });
    for (const path of foreign) expect(readFileSync(path, 'utf8')).to.equal('mine');
    expect(readdirSync(join(dirname(project), 'my-project'))).to.have.length(1);
  });
});
