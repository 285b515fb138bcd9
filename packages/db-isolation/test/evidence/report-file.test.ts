import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { reportFile } from '../../src/evidence/report-file.ts';
import { failure } from '../support/rejections.ts';
import { setEnvironment, useWorkspace } from '../support/workspace.ts';

describe('file of reports', () => {
  const workspace = useWorkspace();
  const before = process.env['DB_ISOLATION_REPORT'];
  afterEach(() => setEnvironment('DB_ISOLATION_REPORT', before));
  const path = () => join(workspace.path, 'report.jsonl');
  const lines = () => readFileSync(path(), 'utf8').trimEnd().split('\n');
  const events = () => lines().map((line) => JSON.parse(line) as Record<string, unknown>);

  it('gets a line for each event, after what other processes have written', () => {
    process.env['DB_ISOLATION_REPORT'] = path();
    const [one, other] = [reportFile(), reportFile()];
    one.failure({ test: 'a test', message: 'it failed', changes: { tables: [], schema: [], cut: [] } });
    other.leak({ test: 'another', kind: 'listener', message: 'it listened', sql: 'listen x', reaction: 'warn' });
    one.kept({ test: 'a test', url: 'sqlite:///tmp/db', command: "sqlite3 '/tmp/db'" });
    other.summary({ tests: 2, failed: 1, leaks: { listener: 1 }, kept: 1 });
    const written = events();
    expect(written.map(({ event }) => event)).to.deep.equal(['failure', 'leak', 'kept', 'summary']);
    for (const { time, pid } of written) {
      expect(new Date(String(time)).toISOString()).to.equal(time);
      expect(pid).to.equal(process.pid);
    }
    expect(written[3]).to.deep.include({ tests: 2, failed: 1, leaks: { listener: 1 }, kept: 1 });
  });

  it('does nothing when none is named', () => {
    setEnvironment('DB_ISOLATION_REPORT', undefined);
    expect(() => reportFile().summary({ tests: 0, failed: 0, leaks: {}, kept: 0 })).not.to.throw();
  });

  it('has to be in a directory that exists', async () => {
    process.env['DB_ISOLATION_REPORT'] = join(workspace.path, 'missing', 'report.jsonl');
    const error = await failure('DBI_INVALID_OPTION', () => reportFile());
    expect(error.message).to.include('DB_ISOLATION_REPORT');
    process.env['DB_ISOLATION_REPORT'] = workspace.path;
    await failure('DBI_INVALID_OPTION', () => reportFile());
  });

  it('has no passwords, wherever they stand', () => {
    const urls = [
      'postgres://user:secret@host/db',
      'cannot reach "mysql://u:sec:secret@host:3306/x?password=secret&b=1".',
      'postgres://user:se@/secret@host/db and postgres://:secret@host',
    ];
    const row = { change: 'inserted' as const, key: {}, columns: { url: { after: urls[0] ?? '' } } };
    const tables = [{ table: 'config', inserted: 1, updated: 0, deleted: 0, rows: [row] }];
    reportFile(path()).failure({
      test: urls[1] ?? '',
      message: urls.join('\n'),
      changes: { tables, schema: [], cut: [] },
    });
    reportFile(path()).kept({ test: 't', url: urls[0] ?? '', command: `psql '${urls[0]}'` });
    expect(lines().join()).not.to.include('secret');
    expect(lines().join()).to.include('postgres://user:***@host/db');
    expect(events()[1]).to.include({ command: "psql 'postgres://user:***@host/db'" });
  });

  it('keeps addresses without a password as they are', () => {
    const message = 'GET http://localhost:3000/users/a@b.c, sqlite:///tmp/a:b/db, postgres://user@host:5432/db';
    reportFile(path()).failure({ test: 't', message });
    expect(events()[0]).to.include({ message });
  });

  it('has no line longer than 64 KiB: changes are left out first', () => {
    const columns = { text: { after: 'ü'.repeat(40_000) } };
    const tables = [
      { table: 'note', inserted: 1, updated: 0, deleted: 0, rows: [{ change: 'inserted' as const, key: {}, columns }] },
    ];
    const report = reportFile(path());
    report.failure({ test: 't', message: 'm', changes: { tables, schema: [], cut: [] } });
    report.failure({ test: 't', message: 'x'.repeat(100_000) });
    for (const line of lines()) expect(Buffer.byteLength(line)).to.be.below(65_536);
    const [first, second] = events();
    expect(first).to.include({ message: 'm' }).and.not.have.property('changes');
    expect(String(second?.['message'])).to.match(/^x+…$/);
  });
});
