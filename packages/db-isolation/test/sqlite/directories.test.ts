import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { failure } from '../support/rejections.ts';
import { fileOf, setEnvironment, useWorkspace } from '../support/workspace.ts';

describe('the directory for databases', () => {
  const workspace = useWorkspace();

  const refusal = async (): Promise<string> => {
    const { message } = await failure('DBI_DIRECTORY_UNUSABLE', () => workspace.isolation().acquire());
    expect(message).to.contain('Set DB_ISOLATION_DIR to a directory that this user can write to.');
    return message;
  };

  it('is made below DB_ISOLATION_DIR with all that leads to it, for this user only', async () => {
    process.env['DB_ISOLATION_DIR'] = join(workspace.path, 'not', 'yet', 'there');
    await workspace.isolation().run('a test', (lease) => {
      expect(fileOf(lease)).to.match(new RegExp(`^${workspace.path}/not/yet/there/db-isolation-\\d+/runs/`));
    });
    expect(statSync(join(workspace.path, 'not')).mode & 0o077).to.equal(0);
  });

  it("is below the system's temporary directory without DB_ISOLATION_DIR, also when that is empty", async () => {
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = workspace.path;
    try {
      for (const value of [undefined, '']) {
        setEnvironment('DB_ISOLATION_DIR', value);
        expect(tmpdir()).to.equal(workspace.path);
        await workspace.isolation().run('a test', (lease) => expect(fileOf(lease)).to.contain(workspace.root));
      }
    } finally {
      setEnvironment('TMPDIR', before);
    }
  });

  it('is refused when others could read it, with the command that mends it', async () => {
    mkdirSync(workspace.root, { mode: 0o755 });
    chmodSync(workspace.root, 0o755);
    expect(await refusal())
      .to.contain(workspace.root)
      .and.to.contain('chmod 700');
    chmodSync(workspace.root, 0o700);
    await workspace.isolation().run('works now', () => undefined);
  });

  it('is refused when it is a symbolic link, even to a private directory', async () => {
    const elsewhere = join(workspace.path, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o700 });
    symlinkSync(elsewhere, workspace.root);
    expect(await refusal()).to.contain('it is not a directory');
    expect(existsSync(join(elsewhere, 'runs'))).to.equal(false);
  });

  it('is refused when a file is in its place', async () => {
    writeFileSync(workspace.root, 'a file');
    await refusal();
    expect(readFileSync(workspace.root, 'utf8')).to.equal('a file');
  });

  it('is refused when DB_ISOLATION_DIR is a file, of any kind', async () => {
    for (const place of [workspace.root, '/dev/null']) {
      if (place === workspace.root) writeFileSync(place, '');
      process.env['DB_ISOLATION_DIR'] = place;
      expect(await refusal()).to.contain(place);
    }
  });

  it('is refused when it belongs to another user', async function () {
    if (process.getuid?.() !== 0) {
      console.warn('    only root can give a directory away: not tested');
      this.skip();
    }
    mkdirSync(workspace.root, { mode: 0o700 });
    chownSync(workspace.root, 65_534, 65_534);
    expect(await refusal()).to.contain('it belongs to another user');
  });

  it('is tried again by the next test', async () => {
    const isolation = workspace.isolation();
    writeFileSync(workspace.root, 'in the way');
    await failure('DBI_DIRECTORY_UNUSABLE', () => isolation.acquire());
    rmSync(workspace.root);
    await isolation.run('works now', () => undefined);
  });

  it('that is taken away under a live run is missed by name, and nothing is made in its place', async () => {
    const isolation = workspace.isolation();
    await isolation.run('first', () => undefined);
    const moved = mkdtempSync(join(workspace.path, 'moved-'));
    rmSync(join(workspace.root, 'runs'), { recursive: true });
    const error = await failure('DBI_DIRECTORY_UNUSABLE', () => isolation.acquire());
    expect(error.message).to.contain(join(workspace.root, 'runs'));
    expect(existsSync(moved)).to.equal(true);
  });

  it('is refused where a file system has no place for directories', async function () {
    if (process.platform !== 'linux') this.skip(); // elsewhere there is no /proc
    process.env['DB_ISOLATION_DIR'] = '/proc/no/place';
    await failure('DBI_DIRECTORY_UNUSABLE', () => workspace.isolation().acquire());
    process.env['DB_ISOLATION_DIR'] = workspace.path;
  });
});
