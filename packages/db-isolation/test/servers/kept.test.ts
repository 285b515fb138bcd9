import { execFileSync } from 'node:child_process';
import type { Kept, Lease } from '@acme/db-isolation';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { describeOnServers } from '../support/throwaway-server.ts';

const DAY_MS = 86_400_000;

async function keep(lease: Lease<Knex>): Promise<Kept> {
  const { outcome, kept } = await lease.release({ failed: true });
  expect(outcome).to.equal('kept');
  return kept ?? expect.fail('nothing was kept');
}

const nameOf = (kept: Kept) => new URL(kept.url).pathname.slice(1);

describeOnServers('a kept database', (server) => {
  const notesIn = (kept: Kept) => server.query(kept, 'select text from note order by text');

  /** Keeps one database in a run that is over. */
  const keepOne = async (title = 'fails') => {
    const isolation = server.isolation();
    const kept = await keep(await isolation.acquire({ title }));
    await isolation.close();
    return kept;
  };
  /** Writes down databases that runs of the past have kept so many milliseconds ago. */
  const keepInThePast = async (ages: readonly number[], project?: string) => {
    const [row] = await server.registry('select project, kept_at from test_database where kept_at is not null');
    const [known, at] = [row?.['project'], Number(row?.['kept_at'])];
    for (const [index, age] of ages.entries()) {
      const values = `'dbi_test_past${index}', 'past', '${project ?? known}', ${at - age}`;
      await server.registry(`insert into test_database (name, run, project, kept_at) values (${values})`);
    }
  };
  const past = async () => {
    const rows = await server.registry("select name from test_database where run = 'past' order by name");
    return rows.map(({ name }) => String(name));
  };

  it('survives the end of its isolation with all that the test committed, and nothing that it did not', async () => {
    const isolation = server.isolation();
    const lease = await isolation.acquire({ title: 'fails' });
    await lease.db('note').insert({ text: 'committed' });
    const transaction = await lease.db.transaction();
    transaction.executionPromise.catch(() => undefined);
    await transaction('note').insert({ text: 'uncommitted' });
    const kept = await keep(lease);
    await isolation.close();
    await server.isolation().sweep();
    expect(await notesIn(kept)).to.deep.equal(['committed', 'from the template']);
    expect(kept.title).to.equal('fails');
    await kept.discard();
    await kept.discard();
    expect(await server.names('test')).to.deep.equal([]);
  });

  it('survives when its process is killed', async () => {
    const kept = await keepOne();
    await server.registry("update test_database set run = 'killed'");
    await server.registry("insert into run values ('killed', '00000000-1-1-1', 0)");
    expect(await server.isolation().sweep()).to.deep.equal({ runs: 1, kept: 0, templates: 0 });
    expect(await notesIn(kept)).to.deep.equal(['from the template']);
  });

  it('is opened by the command that is shown, which has no password in it', async function () {
    const kept = await keepOne();
    expect(kept.command).not.to.contain(server.user.password);
    expect(kept.url).not.to.contain(server.user.password);
    const shell = kept.command.split(' ')[0] ?? '';
    try {
      execFileSync(shell, ['--version'], { stdio: 'ignore' });
    } catch {
      console.warn(`    ${shell} is not installed: not tested`);
      this.skip();
    }
    // MariaDB's shell asks the terminal for the password that -p announces.
    const output = execFileSync('sh', ['-c', kept.command.replace(' -p ', ' ')], {
      input: 'select text from note;',
      encoding: 'utf8',
      env: { ...process.env, PGPASSWORD: server.user.password, MYSQL_PWD: server.user.password },
    });
    expect(output).to.contain('from the template');
  });

  it('keeps its title, whatever is in it', async () => {
    const isolation = server.isolation();
    for (const title of [
      `says "no" to 'yes' and \`x\` $(touch pwned)`,
      '../../../etc/passwd\u0000\n',
      'größer als 数据库 💾',
      'a long title '.repeat(40),
      '',
    ]) {
      const kept = await keep(await isolation.acquire({ title }));
      expect(kept.title).to.equal(title);
      expect(await notesIn(kept)).to.deep.equal(['from the template']);
    }
  });

  it('goes after 7 days', async () => {
    const kept = await keepOne();
    await keepInThePast([6 * DAY_MS, 7 * DAY_MS + 60_000, 8 * DAY_MS]);
    expect(await server.isolation().sweep()).to.deep.equal({ runs: 0, kept: 2, templates: 0 });
    expect(await past()).to.deep.equal(['dbi_test_past0']);
    expect(await server.names('test')).to.deep.equal([nameOf(kept)]);
    await server.registry(`update test_database set kept_at = kept_at - ${8 * DAY_MS} where name = '${nameOf(kept)}'`);
    expect((await server.isolation().sweep()).kept).to.equal(1);
    expect(await server.names('test')).to.deep.equal([]);
  });

  it('goes when its project has 20 newer ones, without a sweep', async () => {
    const first = await keepOne();
    await keepInThePast(Array.from({ length: 19 }, (_, index) => (index + 1) * 1_000));
    expect((await server.isolation().sweep()).kept).to.equal(0);
    const second = await keepOne();
    expect(await past())
      .to.have.length(18)
      .and.not.to.include('dbi_test_past18');
    for (const kept of [first, second]) expect(await notesIn(kept)).to.deep.equal(['from the template']);
  });

  it('counts each project, a working directory on one machine, for itself', async () => {
    await keepOne();
    await keepInThePast(
      Array.from({ length: 20 }, (_, index) => index * 1_000),
      'f'.repeat(32),
    );
    expect((await server.isolation().sweep()).kept).to.equal(0);
  });

  it('stays while its run goes on, however old: a run that has kept 20 keeps no more and says so', async () => {
    const isolation = server.isolation();
    const kept = await keep(await isolation.acquire());
    await server.registry(`update test_database set kept_at = kept_at - ${8 * DAY_MS} where kept_at is not null`);
    expect((await isolation.sweep()).kept).to.equal(0);
    expect(await notesIn(kept)).to.deep.equal(['from the template']);

    const [run] = await server.registry('select id from run');
    await keepInThePast(Array.from({ length: 19 }, () => 0));
    await server.registry(`update test_database set run = '${run?.['id']}' where run = 'past'`);
    const { outcome, reason } = await (await isolation.acquire()).release({ failed: true });
    expect({ outcome, reason }).to.deep.equal({
      outcome: 'dropped',
      reason: 'this run has kept as many databases as a project may have',
    });
    await kept.discard();
    await keep(await isolation.acquire());
  });
});
