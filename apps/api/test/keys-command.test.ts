import { join } from 'node:path';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';
import { isLoopback } from '../src/loopback.ts';
import { operate } from './support/command.ts';
import { type OwnDatabase, ownDatabases } from './support/own-databases.ts';
import { Service } from './support/service.ts';

describe('the service with credentials, and the command for them', () => {
  // Each test starts Node several times.

  const ownDatabase = ownDatabases();
  let directory: DirectoryResult;
  let database: OwnDatabase;
  let started: Service[];

  beforeEach(async () => {
    directory = await dir({ unsafeCleanup: true });
    database = await ownDatabase();
    started = [];
  });

  afterEach(async () => {
    await Promise.all(started.map((service) => service.stop('SIGKILL')));
    await directory.cleanup();
  });

  const places = () => ({ DATABASE_URL: database.url, STORAGE_DIR: join(directory.path, 'storage') });
  const keys = (...words: string[]) => operate(['keys', ...words], places());
  const get = (url: string, Authorization: string) =>
    fetch(`${url}/api/hitl/invoices`, { headers: { Authorization, Connection: 'close' } });

  it('lets in on every address whoever has a key that the command made, until it is revoked', async () => {
    const service = new Service({ ...places(), HOST: '0.0.0.0', AUTH: 'api-keys', LOG_LEVEL: 'trace' });
    started.push(service);
    const url = (await service.url()).replace('0.0.0.0', '127.0.0.1');

    const [reviewer, forever] = await Promise.all([
      keys('create', '--name', 'Zoë 𝄞', '--role', 'reviewer', '--role', 'auditor', '--expires-in', '90d'),
      keys('create', '--name', 'pipeline', '--role', 'extractor', '--expires-in', 'never'),
    ]);
    expect([reviewer.code, forever.code]).to.deep.equal([0, 0]);
    expect(reviewer.stdout).to.match(/^inv_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\n$/);
    expect(reviewer.stderr).to.match(/^Key [0-9a-f]{16} for Zoë 𝄞, valid until \S+\. It is not shown again:\n$/);
    const [key, id = ''] = [reviewer.stdout.trim(), reviewer.stdout.slice(4, 20)];

    const answered = await Promise.all(
      [`Bearer ${key}`, `Bearer ${forever.stdout.trim()}`, 'Bearer x'].map((sent) => get(url, sent)),
    );
    expect(answered.map(({ status }) => status)).to.deep.equal([200, 403, 401]);

    const revoked = await keys('revoke', id);
    expect([revoked.code, revoked.stdout, revoked.stderr]).to.deep.equal([0, `Key ${id} is revoked\n`, '']);
    expect((await get(url, `Bearer ${key}`)).status).to.equal(401);

    const listed = await keys('list');
    expect(listed.code).to.equal(0);
    const row = listed.stdout.split('\n').find((line) => line.startsWith(id));
    expect(row).to.match(/^\w+\trevoked\treviewer,auditor\t\d{4}-\S+\t"Zoë 𝄞"$/);
    expect(listed.stdout).to.match(/\tvalid\textractor\tnever\t"pipeline"\n/);
    expect(listed.stdout).not.to.contain(key.slice(21));

    const { stdout, stderr } = await service.stop();
    expect(stdout.split('\n').length).to.be.above(4);
    for (const secret of [key.slice(21), forever.stdout.trim().slice(21)]) {
      expect(stdout + stderr).not.to.contain(secret);
    }
  });

  it('says in one line what is wrong, and fails', async () => {
    const wrong: [readonly string[], string][] = [
      [['list'], 'The database is not migrated: start the service on it once, which makes its tables'],
      [['revoke', 'x'], 'The database is not migrated: start the service on it once, which makes its tables'],
      [['create', '--name', 'x'], "error: required option '--role <role>' not specified"],
      [['create', '--role', 'admin'], "error: required option '--name <name>' not specified"],
      [
        ['create', '--name', 'x', '--role', 'boss'],
        "error: option '--role <role>' argument 'boss' is invalid. It must be one of extractor, reviewer, approver, auditor, admin.",
      ],
      [
        ['create', '--name', ' ', '--role', 'admin'],
        "error: option '--name <name>' argument ' ' is invalid. It is blank or has characters that cannot be kept.",
      ],
      [
        ['create', '--name', 'x', '--role', 'admin', '--expires-in', '0d'],
        "error: option '--expires-in <days>' argument '0d' is invalid. It must be days as 90d, at most 36500d, or never.",
      ],
    ];
    // All at once, because each takes a second and hardly anything but waiting.
    const said = wrong.map(async ([words]) => {
      const { code, stdout, stderr } = await keys(...words);
      return { code, stdout, stderr };
    });
    expect(await Promise.all(said)).to.deep.equal(
      wrong.map(([, line]) => ({ code: 1, stdout: '', stderr: `${line}\n` })),
    );
  });
});

describe('an address that only this machine can reach', () => {
  for (const host of ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'localhost']) {
    it(`is ${host}`, async () => expect(await isLoopback(host)).to.equal(true));
  }
  for (const host of [
    '0.0.0.0',
    '::',
    '192.168.0.1',
    '128.0.0.1',
    '::ffff:10.0.0.1',
    'fe80::1%lo',
    'nowhere.invalid',
  ]) {
    it(`is not ${host}`, async () => expect(await isLoopback(host)).to.equal(false));
  }
});
