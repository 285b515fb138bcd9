import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Setup } from '../support/environment.ts';
import type { Place } from './place.ts';

const LEAKS = fileURLToPath(new URL('..', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../..', import.meta.url));
const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');

/** What the reporter wrote of one test or hook. */
export interface Event {
  readonly event: 'passed' | 'failed' | 'pending' | 'end';
  readonly title: string;
  readonly message?: string;
}

/** How a Mocha process went. */
export interface Run {
  readonly events: readonly Event[];
  /** Of all tests, or not, because its process ended or had to be ended. */
  readonly finished: boolean;
  /** It had to be ended: before its last test had ended, or after. */
  readonly killed: boolean;
  readonly code: number | null;
  readonly output: string;
}

export interface RunOptions {
  readonly setup: Setup;
  readonly place: Place;
  /** Names of suites. */
  readonly suites: readonly string[];
  readonly parallel?: boolean;
  readonly directory: string;
  readonly isNextRun?: boolean;
}

/** How long a process may take, and how long it may go on after its last test, in milliseconds. */
const PATIENCE = { library: [120_000, 20_000], plain: [25_000, 4_000] } as const;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) killGroup(child);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

let count = 0;

/** Runs suites in a Mocha process of their own. */
export async function runMocha(options: RunOptions): Promise<Run> {
  const { setup, place, directory } = options;
  count += 1;
  const events = join(directory, `events-${count}.jsonl`);
  const child = spawn(process.execPath, argumentsFor(options), {
    cwd: PACKAGE,
    detached: true, // a group of its own, with everything that suites start
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...cleanEnvironment(),
      NO_COLOR: '1',
      LEAK_SETUP: setup,
      LEAK_ENGINE: place.engine,
      LEAK_EVENTS: events,
      ...place.variables,
      LEAK_PREFIX: place.prefix,
      LEAK_PRODUCTION: place.production,
      LEAK_NEXT_RUN: options.isNextRun ? 'yes' : 'no',
      DATABASE_URL: setup === 'library' ? place.production : place.shared,
      DB_ISOLATION_DIR: directory,
      DB_ISOLATION_KEEP: 'never', // so that nothing stays on a server
    },
  });
  const { code, killed, output } = await watch(child, PATIENCE[setup === 'library' ? 'library' : 'plain']);
  const lines = existsSync(events) ? readFileSync(events, 'utf8').trimEnd().split('\n') : [];
  const parsed = lines.filter(Boolean).map((line) => JSON.parse(line) as Event);
  return { events: parsed, finished: parsed.some(({ event }) => event === 'end'), killed, code, output };
}

function argumentsFor({ setup, suites, parallel }: RunOptions): string[] {
  return [
    ...['--conditions=@acme/source', '--import', import.meta.resolve('tsx'), MOCHA, '--no-config', '--no-package'],
    ...['--timeout', setup === 'library' ? '20000' : '5000'],
    ...['--require', join(LEAKS, `support/hooks-${setup}.ts`), '--reporter', join(LEAKS, 'support/reporter.cjs')],
    ...(parallel ? ['--parallel', '--jobs', '2'] : []),
    ...suites.map((name) => join(LEAKS, name === 'innocent' ? 'support' : 'suites', `${name}.leak.ts`)),
  ];
}

async function watch(
  child: ChildProcess,
  [patience, afterwards]: readonly [number, number],
): Promise<{ code: number | null; killed: boolean; output: string }> {
  running.add(child);
  let output = '';
  let killed = false;
  const kill = () => {
    killed = true;
    killGroup(child);
  };
  let timer = setTimeout(kill, patience);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const before = output;
      output += text;
      if (before.includes(LAST_WORDS) || !output.includes(LAST_WORDS)) return;
      clearTimeout(timer);
      timer = setTimeout(kill, afterwards);
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  killGroup(child); // what suites have started and not ended
  running.delete(child);
  return { code, killed, output };
}

/** What the reporter prints at the end. */
const LAST_WORDS = 'the run has ended\n';

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

/** Without what the run itself was given. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { MOCHA_WORKER_ID: _worker, DB_ISOLATION_REPORT: _report, NODE_OPTIONS: _options, ...rest } = process.env;
  return rest;
}
