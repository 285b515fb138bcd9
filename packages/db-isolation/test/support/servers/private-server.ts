import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Account } from './place.ts';

/** A database server of a test's own, which it may restart, kill and fill up. */
export interface PrivateServer {
  readonly port: number;
  /** Everything that it keeps is below. */
  readonly directory: string;
  /**
   * How to reach it. Without a user: as the administrator, whose password is part of the URL. Users that a test creates
   * log in without one. Without a database: the administrator's default.
   */
  url(user?: string, database?: string): string;
  /** Ends it in good order, connections included, and starts it again on the same port; also after {@link kill}. */
  restart(): Promise<void>;
  /** Ends it at once with SIGKILL; resolves when all of its processes are gone. Its data stay. */
  kill(): Promise<void>;
  /** Ends it and removes its directory; idempotent. */
  stop(): Promise<void>;
  /** All that it has logged. */
  logs(): string;
}

/** How a server program is run. */
export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly account: Account;
  /** All that the server keeps is below; removed when it is stopped. */
  readonly directory: string;
  /** What it logs when it can be connected to. */
  readonly ready: string;
  /** The signal that ends it in good order. */
  readonly stopSignal: NodeJS.Signals;
  /** The signal that ends it when nobody waits for it any more. */
  readonly abandonSignal: NodeJS.Signals;
}

type Process = ChildProcessByStdio<null, null, Readable>;

// Outlives this process, however that ends: its standard input is then closed. It reads the number of the running
// server's process, or an empty line when there is none; at the end it ends that process and removes the directory.
const GUARD = `
  server=
  while read -r line; do server=$line; done
  if [ -n "$server" ]; then
    kill -s "$1" "$server"
    tries=0
    while kill -0 "$server" && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
  fi 2>/dev/null
  exec rm -rf -- "$2"`;

/** What the programs of a server need of the environment: nothing that would change how they behave. */
export const SERVER_ENVIRONMENT = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };

/** Starts a server that ends with this process at the latest, and waits until it can be connected to. */
export async function startServer(command: ServerCommand): Promise<Omit<PrivateServer, 'port' | 'directory' | 'url'>> {
  const guard = startGuard(command);
  let logs = '';
  let running: { process: Process; ended: Promise<void> } | undefined;

  async function start(): Promise<void> {
    const before = logs.length;
    // In a process group of its own: a Ctrl-C is for the tests, which still need their server to clean up.
    const child = spawn(command.program, command.args, {
      ...command.account,
      cwd: command.directory,
      env: SERVER_ENVIRONMENT,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const failed = new Promise<never>((_, reject) => child.once('error', reject));
    // The log is closed when the last of the server's processes is gone, not just the first.
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const ready = new Promise<void>((resolve) => {
      child.stderr.setEncoding('utf8').on('data', (text) => {
        logs += text;
        if (logs.includes(command.ready, before)) resolve();
      });
    });
    guard.report(child.pid);
    running = { process: child, ended };
    const outcome = await Promise.race([ready.then(() => 'ready'), ended, failed]);
    if (outcome === 'ready') return keepAlive(child, false);
    forget();
    throw new Error(`${command.program} ended instead of starting:\n${logs.slice(before)}`);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (!running) return;
    const { process, ended } = running;
    keepAlive(process, true);
    process.kill(signal);
    await ended;
    forget();
  }

  function forget(): void {
    running = undefined;
    guard.report(undefined);
  }

  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= end(command.stopSignal).finally(() => guard.end());
    return stopped;
  };
  try {
    await start();
  } catch (error) {
    await guard.end();
    throw error;
  }
  return {
    async restart() {
      await end(command.stopSignal);
      await start();
    },
    kill: () => end('SIGKILL'),
    stop,
    logs: () => logs,
  };
}

function startGuard({ abandonSignal, directory }: ServerCommand) {
  const guard = spawn('sh', ['-c', GUARD, 'guard', abandonSignal.replace('SIG', ''), directory], {
    cwd: '/',
    detached: true, // as above
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = new Promise<void>((resolve, reject) => guard.once('close', () => resolve()).once('error', reject));
  guard.unref();
  (guard.stdin as Writable as Socket).unref();
  return {
    report: (pid: number | undefined) => void guard.stdin.write(`${pid ?? ''}\n`),
    /** Removes the directory. */
    end() {
      guard.ref();
      guard.stdin.end();
      return ended;
    },
  };
}

/** Whether Node stays alive for the sake of a server that nobody waits for. */
function keepAlive(child: Process, alive: boolean): void {
  const log = child.stderr as Socket;
  for (const handle of [child, log]) alive ? handle.ref() : handle.unref();
}
