import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import workerThreads from 'node:worker_threads';
import { placeOfCaller } from '../../place.ts';
import { replace } from '../../sandbox.ts';
import { guardState, isArmed } from '../state.ts';

/**
 * Notes which child processes and worker threads run, as the other hooks are not at work in them. What is never started
 * need not be searched, which takes a system call for each open file.
 */
export function watchHelpers(): void {
  const { spawn } = childProcess.ChildProcess.prototype as { spawn?: (...args: unknown[]) => unknown };
  if (spawn) {
    // All functions that start a process and do not wait for its end come by here.
    const guarded = function (this: childProcess.ChildProcess, ...args: unknown[]): unknown {
      const result = Reflect.apply(spawn, this, args);
      if (isArmed() && this.pid !== undefined) note(this, this.pid);
      return result;
    };
    replace(childProcess.ChildProcess.prototype as unknown as { spawn: unknown }, 'spawn', guarded);
  }
  const Guarded = new Proxy(workerThreads.Worker, {
    construct(Worker, args, target) {
      const worker: workerThreads.Worker = Reflect.construct(Worker, args, target);
      if (isArmed()) note(worker);
      return worker;
    },
  });
  replace(workerThreads as { Worker: typeof Guarded }, 'Worker', Guarded);
  syncBuiltinESMExports();
}

function note(helper: childProcess.ChildProcess | workerThreads.Worker, pid?: number): void {
  const state = guardState();
  const noted = { pid, place: placeOfCaller() };
  state.helpers.add(noted);
  helper.once('exit', () => {
    state.helpers.delete(noted);
    state.searched = false; // what it had open is open no more
  });
}
