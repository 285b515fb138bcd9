import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { useWorkspace } from '../support/workspace.ts';
import { useGuard } from './use-guard.ts';

const THREAD = new URL('../fixtures/guard/open-in-thread.mjs', import.meta.url);
const PROGRAM = new URL('../fixtures/guard/open-in-process.mjs', import.meta.url);

(process.platform === 'linux' ? describe : describe.skip)('the guard of what the hooks do not see', () => {
  const workspace = useWorkspace();
  const guard = useGuard();

  const file = (directory: string) => {
    mkdirSync(join(workspace.path, directory), { recursive: true });
    return join(workspace.path, directory, 'db.sqlite');
  };
  const openInThread = async (name: string) => {
    const worker = new Worker(THREAD, { workerData: name });
    workspace.atEnd(() => worker.terminate());
    await once(worker, 'message');
    return worker;
  };
  const openInProcess = async (name: string) => {
    const child = fork(PROGRAM, [name], { execArgv: [] });
    workspace.atEnd(() => child.kill('SIGKILL'));
    await once(child, 'message');
    return child;
  };

  it('reports the file of the test that a worker thread has open, with the place where it was started', async () => {
    guard.arm();
    const permit = guard.permit(file('lease'));
    await openInThread(file('lease'));
    const leaks = permit.closeRest();
    expect(leaks.map(({ kind }) => kind)).to.deep.equal(['open-connection']);
    expect(leaks[0]?.message).to.contain('worker thread');
    expect(leaks[0]?.place).to.contain('guard/elsewhere.test.ts:');
  });

  it('reports another file in a worker thread once, and again when it is opened anew', async () => {
    guard.arm();
    const worker = await openInThread(file('production'));
    const kinds = () =>
      guard
        .permit(file('lease'))
        .closeRest()
        .map(({ kind }) => kind);
    expect(kinds()).to.deep.equal(['foreign-database']);
    expect(kinds()).to.deep.equal([]);
    worker.postMessage('end');
    await once(worker, 'exit');
    expect(kinds()).to.deep.equal([]);
    await openInThread(file('production'));
    expect(kinds()).to.deep.equal(['foreign-database']);
  });

  it('blames no test for the file of another one, nor for what is on the list', async () => {
    guard.arm([file('reference')]);
    const other = guard.permit(file('other'));
    const permit = guard.permit(file('lease'));
    await openInThread(file('other'));
    await openInThread(file('reference'));
    expect(permit.closeRest()).to.deep.equal([]);
    other.revoke();
    expect(guard.permit(file('lease')).closeRest()).to.deep.equal([]);
    expect(other.closeRest()).to.have.length(1);
  });

  it('reports a child process that has the file of the test open, with the place where it was started', async () => {
    guard.arm();
    const [permit, other] = [guard.permit(file('lease')), guard.permit(file('other'))];
    const child = await openInProcess(file('lease'));
    expect(other.closeRest()).to.deep.equal([]);
    const leaks = permit.closeRest();
    expect(leaks.map(({ kind }) => kind)).to.deep.equal(['open-connection']);
    expect(leaks[0]?.message).to.contain('child process');
    expect(leaks[0]?.place).to.contain('guard/elsewhere.test.ts:');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(guard.permit(file('lease')).closeRest()).to.deep.equal([]);
  });
});
