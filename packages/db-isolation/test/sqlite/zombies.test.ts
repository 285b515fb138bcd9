import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { useWorkspace } from '../support/workspace.ts';

/** What follows the command's name in proc(5) stat: the state comes first, the start time is the 20th. */
function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

describe('a killed process that nobody has waited for', () => {
  const workspace = useWorkspace();

  it('does not keep its databases from being swept', async function () {
    if (process.platform !== 'linux') this.skip(); // elsewhere there is no way to tell
    const isolation = workspace.isolation();
    await isolation.sweep();
    const [mine = ''] = workspace.names('runs');

    // The shell becomes a program that never waits for its child, as a container's first process may be.
    const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const [line] = await once(createInterface({ input: parent.stdout }), 'line');
      const pid = Number(line);
      while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await nextTurn();
      process.kill(pid, 'SIGKILL');
      while (statOf(pid)[0] !== 'Z') await nextTurn();

      const [run, boot, namespace] = mine.split('-');
      const left = [run, boot, namespace, pid, statOf(pid)[19], '0123456789ab'].join('-');
      mkdirSync(join(workspace.root, 'runs', left), { mode: 0o700 });
      expect(await isolation.sweep()).to.include({ runs: 1 });
      expect(workspace.names('runs')).to.deep.equal([mine]);
    } finally {
      parent.kill();
    }
  });
});
