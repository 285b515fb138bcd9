// The parts of Vitest 4.1 that the adapter touches and that are not documented. Where one of them is missing, it goes
// without.
import { relative } from 'node:path';
import type { RunnerTestFile, TestRunner } from 'vitest';
import * as vitest from 'vitest';
import { IsolationError } from '../errors.ts';

/** What the process or thread in which a file runs knows of itself. */
interface WorkerState {
  readonly ctx?: { readonly pool?: string };
  readonly filepath?: string;
  readonly config?: { readonly sequence?: { readonly hooks?: string } };
  onCleanup?(listener: () => Promise<void>): void;
}

/**
 * Whether Vitest can isolate tests here.
 *
 * @param name of the function that is about to.
 * @throws {IsolationError} `DBI_NO_RUNNER` outside of tests, and for releases without `aroundEach`.
 */
export function assertUsable(name: string): void {
  if (typeof vitest.aroundEach !== 'function') throw tooOld();
  if (worker() === undefined) throw notInVitest(name);
  if (vitest.TestRunner?.getCurrentTest?.() !== undefined) throw insideTest(name);
}

/** Has something done when the last test of this worker is over and Vitest is about to end it, which waits for it. */
export function whenWorkerEnds(end: () => Promise<void>): void {
  worker()?.onCleanup?.(end);
}

/** The file that is running, relative to the working directory. */
export function currentFile(): string {
  return relative(process.cwd(), worker()?.filepath ?? '');
}

/** The worker that is running, such as `worker 2`. */
export function currentWorker(): string {
  return `worker ${process.env['VITEST_POOL_ID']}`;
}

/** Whether each file has modules of its own in a worker that it shares with others. */
export function isVmPool(): boolean {
  return worker()?.ctx?.pool?.startsWith('vm') ?? false;
}

/** Has something done when all tests of a file and its other hooks have run. May be called while they run. */
export function afterFile(file: RunnerTestFile, hook: () => Promise<void>): void {
  const hooks = vitest.TestRunner?.getSuiteHooks?.(file)?.afterAll;
  if (worker()?.config?.sequence?.hooks === 'list') hooks?.push(hook);
  else hooks?.unshift(hook); // they are called from the last to the first
}

/**
 * Calls `register` at the beginning of each file that this worker loads from now on: with `isolate: false` a module is
 * loaded once for all of them, while hooks are forgotten after each. Does so once for each `user`.
 */
export function beforeEachFile(user: object, register: () => void): void {
  if (USERS.has(user)) return;
  USERS.add(user);
  const runner = vitest.TestRunner?.prototype as { importFile?: TestRunner['importFile'] } | undefined;
  const importFile = runner?.importFile;
  if (!runner || !importFile) return;
  runner.importFile = function (this: TestRunner, path, source) {
    if (source === 'collect') register();
    return importFile.call(this, path, source);
  };
}

const USERS = new WeakSet<object>();

function worker(): WorkerState | undefined {
  return (globalThis as { readonly __vitest_worker__?: WorkerState }).__vitest_worker__;
}

function tooOld(): IsolationError {
  return new IsolationError(
    'DBI_NO_RUNNER',
    'This release of Vitest has no aroundEach(), without which tests cannot be isolated: 4.1 is the first that has it. ' +
      'Run: npm install --save-dev vitest@4',
  );
}

function notInVitest(name: string): IsolationError {
  return new IsolationError(
    'DBI_NO_RUNNER',
    `${name}() was called where Vitest runs no tests. Call it in a test file, in a describe block of one, or in a file ` +
      'that "setupFiles" names in the configuration of Vitest. The configuration itself and "globalSetup" run elsewhere.',
  );
}

function insideTest(name: string): IsolationError {
  return new IsolationError(
    'DBI_NO_RUNNER',
    `${name}() was called while a test was running, which is too late for it. Call it at the top of the test file, in ` +
      'a describe block, or in a file that "setupFiles" names in the configuration of Vitest.',
  );
}
