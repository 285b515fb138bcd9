import { expect } from 'chai';
import { migrate } from '../src/db/migrate.ts';
import { loadSamples, sampleInvoices } from '../src/samples/load-samples.ts';
import { dropProtection } from './support/audit.ts';
import { operate } from './support/command.ts';
import { ownDatabases } from './support/own-databases.ts';

describe('api audit verify', () => {
  const ownDatabase = ownDatabases();

  it('prints the head of a whole log, and ends with 1 when an entry is not as it was written', async () => {
    const { url, open } = await ownDatabase();
    const db = open();
    await migrate(db);
    await loadSamples(db, new Date());
    const { length } = sampleInvoices;

    const whole = await operate(['audit', 'verify'], { DATABASE_URL: url });
    const [, head = ''] = /^head (\S+)$/m.exec(whole.stdout) ?? [];
    const { hash } = await db('audit_head').first();
    expect([whole.code, head, whole.stderr]).to.deep.equal([0, `${length}:${hash}`, '']);
    expect(whole.stdout).to.contain(`The audit log is whole: ${length} entries`);

    await dropProtection(db);
    await db('audit_log').where({ position: 3 }).update({ actor: 'eve' });
    const bad = await operate(['audit', 'verify', '--head', head], { DATABASE_URL: url });
    expect(bad.code).to.equal(1);
    expect(bad.stdout).to.contain('The audit log is not whole: entry 3 was changed');
  });

  it('says in one line that a database has no log', async () => {
    const { url } = await ownDatabase();
    const { code, stdout, stderr } = await operate(['audit', 'verify'], { DATABASE_URL: url });
    expect([code, stdout]).to.deep.equal([1, '']);
    expect(stderr).to.match(/^The database has no audit log: [^\n]+\n$/);
  });
});
