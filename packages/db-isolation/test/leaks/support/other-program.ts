import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { engine } from './environment.ts';

/** A program that has opened a database. */
export interface OtherProgram {
  /** Makes it write to its database. */
  write(): Promise<void>;
  end(): Promise<void>;
}

const FILE = new URL('late-writer.mjs', import.meta.url);

function settings(url: string) {
  const client = { sqlite: 'better-sqlite3', postgres: 'pg', mysql: 'mysql2' }[engine];
  return { client, connection: engine === 'sqlite' ? { filename: url } : url };
}

/** Starts a worker thread that opens a database and keeps it open. */
export async function startWorker(url: string): Promise<OtherProgram> {
  const worker = new Worker(FILE, { workerData: settings(url), execArgv: [] });
  await once(worker, 'message');
  worker.unref();
  return {
    async write() {
      worker.postMessage('write');
      await once(worker, 'message');
    },
    async end() {
      await worker.terminate();
    },
  };
}

/** Starts a child process that does. */
export async function startChild(url: string): Promise<OtherProgram> {
  const child: ChildProcess = fork(fileURLToPath(FILE), [JSON.stringify(settings(url))], { execArgv: [] });
  await once(child, 'message');
  return {
    async write() {
      child.send('write');
      await once(child, 'message');
    },
    async end() {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
