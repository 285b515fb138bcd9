import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { failure } from '../support/rejections.ts';
import { sqlSchema } from '../support/schemas.ts';
import { describeOnServers } from '../support/throwaway-server.ts';

const MEGABYTE = 2 ** 20;

/** What the files of a server need, and some more. */
const SIZE = 400 * MEGABYTE;

describe('a server whose disk is full', () => {
  let disk = '';
  before(function () {
    disk = mkdtempSync(join(tmpdir(), 'db-isolation-disk-'));
    chmodSync(disk, 0o755); // the server's user has to enter it
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=755`, 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      rmSync(disk, { recursive: true });
      console.warn('    a small disk can only be mounted as root on Linux: not tested');
      this.skip();
    }
  });
  after(() => {
    if (!existsSync(disk)) return;
    execFileSync('umount', ['--lazy', disk]);
    rmSync(disk, { recursive: true });
  });

  describeOnServers(
    'without room on its disk',
    (server) => {
      const filler = () => join(disk, 'filler');
      afterEach(() => rmSync(filler(), { force: true }));

      /** Leaves so much room. */
      const fillUpTo = (room: number) => {
        const { bavail, bsize } = statfsSync(disk);
        writeFileSync(filler(), Buffer.alloc(Math.max(0, bavail * bsize - room)));
      };

      it('is named by the test that gets no copy; nothing is left, and it goes on with more room', async () => {
        const columns = Array.from({ length: 20 }, (_, number) => `c${number} char(250)`).join(', ');
        const row = Array.from({ length: 20 }, () => "'full'").join(', ');
        const schema = sqlSchema(
          `create table big (${columns}); insert into big values (${row});
          ${'insert into big select * from big;\n'.repeat(11)}`,
        );
        const isolation = server.isolation({ schema });
        await isolation.run('fits', () => undefined);
        await isolation.close();
        for (let time = 0; time < 5; time += 1) await server.kind.spareLog(await server.admin());

        fillUpTo(2 * MEGABYTE);
        const next = server.isolation({ schema });
        const error = await failure('DBI_DISK_FULL', () => next.acquire());
        expect(error.message).to.contain('127.0.0.1').and.not.to.contain(server.user.password);
        await next.close();
        expect(await server.names('test')).to.deep.equal([]);

        rmSync(filler());
        await server.isolation({ schema }).run('fits again', async ({ db }) => {
          expect(await db('big').count({ rows: '*' }).first()).to.satisfy((counted: { rows: unknown }) => {
            return Number(counted.rows) === 2 ** 11;
          });
        });
        expect(server.program.logs()).not.to.match(/PANIC|crash recovery/i);
      });
    },
    { start: () => ({ parent: disk }) },
  );
});
