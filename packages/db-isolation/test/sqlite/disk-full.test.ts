import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import { knexMigrations } from '@acme/db-isolation/schemas/knex-migrations';
import { expect } from 'chai';
import { failure } from '../support/rejections.ts';
import { sqlSchema } from '../support/schemas.ts';
import { pathsBelow, useWorkspace } from '../support/workspace.ts';

const SIZE = 512 * 1024;

describe('a disk without room', () => {
  const workspace = useWorkspace();
  let disk: string;

  beforeEach(function () {
    disk = join(workspace.path, 'disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=700`, 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      console.warn('    a small disk can only be mounted as root on Linux: not tested');
      this.skip();
    }
    workspace.atEnd(() => execFileSync('umount', ['--lazy', disk]));
    process.env['DB_ISOLATION_DIR'] = disk;
  });

  const left = () => pathsBelow(disk).filter((path) => /\.sqlite|\/runs\/.+\//.test(path));

  it('is named when a test gets no copy, which leaves nothing behind and works again with more room', async () => {
    const schema = sqlSchema('create table big as select zeroblob(100000) as data');
    const isolation = workspace.isolation({ schema });
    await isolation.run('fits', () => undefined);
    const templates = left();
    expect(templates).to.have.length(1);

    const filler = join(disk, 'filler');
    fill(filler);
    const error = await failure('DBI_DISK_FULL', () => isolation.acquire());
    expect(error.message).to.contain(disk).and.to.contain('set DB_ISOLATION_DIR');
    expect(left()).to.deep.equal(templates);
    rmSync(filler);
    await isolation.run('fits again', () => undefined);
  });

  it('is named when the template does not fit, also when it is a migration that notices', async () => {
    const text = (sql: string) => `exports.up = (knex) => knex.raw(\`${sql}\`); exports.down = async () => {};`;
    const directory = workspace.write('migrations', {
      '1.cjs': text('create table big as select zeroblob(900000) as data'),
    });
    const sql = 'create table big as select zeroblob(300000) as data'; // twice this does not fit
    for (const schema of [
      knexMigrations({ directory }),
      sqlSchema(sql),
      customSchema({ fingerprint: 'x', apply: (_db, { execute }) => execute(sql.replace('300000', '900000')) }),
    ]) {
      const isolation = workspace.isolation({ schema });
      await failure('DBI_DISK_FULL', () => isolation.acquire());
      expect(left()).to.deep.equal([]);
      await isolation.close();
    }
    expect(readdirSync(join(workspace.root.replace(workspace.path, disk), 'runs'))).to.deep.equal([]);
  });
});

/** Writes until nothing fits any more. */
function fill(path: string): void {
  for (let bytes = SIZE; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    try {
      writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' });
    } catch {
      // as much as fits has been written
    }
  }
}
