import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dir } from 'tmp-promise';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../fixtures/mocha/', import.meta.url));

export const NODE_OPTIONS = ['--conditions=@acme/source', '--import', import.meta.resolve('tsx')];

/** The same, for Mocha. */
const MOCHA_NODE_OPTIONS = [
  '--node-option=conditions=@acme/source',
  `--node-option=import=${import.meta.resolve('tsx')}`,
];

export const MOCHA = {
  mocha: import.meta.resolve('mocha/package.json'),
  'mocha-11': import.meta.resolve('mocha-11/package.json'),
};

/** How the fixture suites are isolated: by root hooks for the whole run, or describe block by describe block. */
type Mode = 'root' | 'each';

export interface MochaOptions {
  /** Names of files in `test/fixtures/mocha`, without `.suite.ts`. */
  readonly suites: readonly string[];
  /** Default: `'root'`. */
  readonly mode?: Mode;
  /** How the file with the root hooks is loaded. Default: `--require`. */
  readonly load?: '--require' | '--import';
  readonly parallel?: boolean;
  /** Default: `'json'`, whose results are then in {@link MochaRun.tests}. */
  readonly reporter?: 'json' | 'spec';
  readonly version?: keyof typeof MOCHA;
  /** Whether Node's options reach Mocha as its own `--node-option`: it then runs the tests in a child process. */
  readonly nodeOptions?: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Signals then reach the run's whole process group as well as its main process. */
  readonly ownGroup?: boolean;
}

/** One test, or one failing hook, as Mocha's JSON reporter tells of it. */
export interface TestResult {
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'pending';
  readonly message: string;
  readonly stack: string;
  readonly code: string | undefined;
}

export interface MochaRun {
  readonly code: number | null;
  readonly signal: string | null;
  /** Standard output and standard error, in the order in which they arrived. */
  readonly output: string;
  readonly tests: readonly TestResult[];
}

/** A run that has ended, and where its databases were. */
export interface FinishedRun extends MochaRun {
  readonly sandbox: MochaSandbox;
}

/** Runs Mocha for the tests of a describe block, and cleans up after them. */
export function useMocha() {
  const sandboxes: MochaSandbox[] = [];
  after(async () => {
    await Promise.all(sandboxes.map((sandbox) => sandbox.remove()));
  });

  async function createSandbox(): Promise<MochaSandbox> {
    const sandbox = await MochaSandbox.create();
    sandboxes.push(sandbox);
    return sandbox;
  }

  async function run(options: MochaOptions): Promise<FinishedRun> {
    const sandbox = await createSandbox();
    return { ...(await sandbox.mocha(options)), sandbox };
  }

  return {
    createSandbox,
    run,
    /** Two at a time, each with a directory of its own. */
    async all<const T extends readonly MochaOptions[]>(options: T): Promise<{ [K in keyof T]: FinishedRun }> {
      const finished: FinishedRun[] = [];
      const queue = [...options.entries()];
      const work = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) finished[next[0]] = await run(next[1]);
      };
      await Promise.all([work(), work()]);
      return finished as { [K in keyof T]: FinishedRun };
    },
  };
}

/** A private directory for the databases of some runs, and what can be seen in it. */
export class MochaSandbox {
  readonly path: string;
  readonly #remove: () => Promise<void>;
  readonly #started: StartedRun[] = [];

  private constructor(path: string, remove: () => Promise<void>) {
    this.path = path;
    this.#remove = remove;
  }

  static async create(): Promise<MochaSandbox> {
    const { path, cleanup } = await dir({ unsafeCleanup: true, prefix: 'db-isolation-test-' });
    return new MochaSandbox(path, cleanup);
  }

  /** Ends what is still running. */
  async remove(): Promise<void> {
    for (const run of this.#started) run.killIfRunning();
    await Promise.all(this.#started.map(({ done }) => done));
    await this.#remove();
  }

  /** Everything that runs have in use or left behind. */
  runs(): readonly string[] {
    return this.#list('runs').filter((path) => !/\/(locks|templates)\//.test(path));
  }

  /** The files of kept databases, oldest first. */
  kept(): readonly string[] {
    return this.#list('kept').filter((path) => path.endsWith('/db.sqlite'));
  }

  /** Whether any run of the library has put anything here. */
  isUntouched(): boolean {
    return !existsSync(this.databases);
  }

  /** What runs get as `DB_ISOLATION_DIR`. */
  get databases(): string {
    return join(this.path, 'databases');
  }

  /** Where fixtures put files for the test that watches them. */
  get signals(): string {
    const path = join(this.path, 'signals');
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Runs fixture suites in a Mocha process of their own, to the end. */
  async mocha(options: MochaOptions): Promise<MochaRun> {
    return this.start(options).done;
  }

  start(options: MochaOptions): StartedRun {
    const report = join(this.path, `report-${this.#started.length}.json`);
    const { mode = 'root', env = {}, ownGroup = false } = options;
    return this.#spawn(argumentsFor(options, report), report, { FIXTURE_MODE: mode, ...env }, ownGroup);
  }

  /** Runs another program of Node, in a process group of its own. */
  startNode(args: readonly string[], env: Readonly<Record<string, string>>): StartedRun {
    return this.#spawn(args, '', env, true);
  }

  /** Runs a file of `test/fixtures/mocha` without Mocha. */
  startScript(name: string): StartedRun {
    return this.#spawn([...NODE_OPTIONS, join(FIXTURES, `${name}.ts`)], '', {}, false);
  }

  #spawn(args: readonly string[], report: string, env: NodeJS.ProcessEnv, ownGroup: boolean): StartedRun {
    const child = spawn(process.execPath, args, {
      cwd: PACKAGE,
      env: { ...cleanEnvironment(), DB_ISOLATION_DIR: this.databases, FIXTURE_SIGNALS: this.signals, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: ownGroup,
    });
    const run = new StartedRun(child, report, ownGroup);
    this.#started.push(run);
    return run;
  }

  #list(part: string): string[] {
    if (this.isUntouched()) return [];
    const [root = ''] = readdirSync(this.databases);
    const path = join(this.databases, root, part);
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .map((name) => join(path, name))
      .sort();
  }
}

/** A Mocha process at work. */
export class StartedRun {
  readonly #child: ChildProcess;
  readonly #ownGroup: boolean;
  /** Settles when the process, and every worker that shares its output, has ended. */
  readonly done: Promise<MochaRun>;

  constructor(child: ChildProcess, report: string, ownGroup: boolean) {
    this.#child = child;
    this.#ownGroup = ownGroup;
    this.done = finish(child, report);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process did not start');
    return this.#child.pid;
  }

  kill(signal: NodeJS.Signals, whom: 'main' | 'group' = 'main'): void {
    process.kill(whom === 'group' ? -this.pid : this.pid, signal);
  }

  killIfRunning(): void {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) this.kill('SIGKILL', this.#ownGroup ? 'group' : 'main');
  }
}

async function finish(child: ChildProcess, report: string): Promise<MochaRun> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, output, tests: existsSync(report) ? readReport(report) : [] };
}

function argumentsFor(options: MochaOptions, report: string): string[] {
  const { suites, mode = 'root', load = '--require', parallel, reporter = 'json', version = 'mocha' } = options;
  const { args = [] } = options;
  const hooks = join(FIXTURES, 'hooks.ts');
  const bin = fileURLToPath(new URL('bin/mocha.js', MOCHA[version]));
  const program = options.nodeOptions
    ? [bin, ...MOCHA_NODE_OPTIONS]
    : [...NODE_OPTIONS, ...(mode === 'root' && load === '--import' ? ['--import', hooks] : []), bin];
  return [
    ...program,
    ...['--no-config', '--no-package', '--reporter', reporter],
    ...(reporter === 'json' ? ['--reporter-option', `output=${report}`] : []),
    ...(mode === 'root' && load === '--require' ? ['--require', hooks] : []),
    ...(parallel ? ['--parallel', '--jobs', '2'] : []),
    // Far above what a busy machine needs; Mocha's own two seconds are not.
    ...(args.includes('--timeout') ? [] : ['--timeout', '60000']),
    ...args,
    ...suites.map((name) => join(FIXTURES, `${name}.suite.ts`)),
  ];
}

/** Without what the run of these tests itself was given. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { MOCHA_WORKER_ID: _worker, DB_ISOLATION_KEEP: _keep, ...rest } = process.env;
  return rest;
}

interface JsonReport {
  readonly passes: readonly JsonTest[];
  readonly failures: readonly JsonTest[];
  readonly pending: readonly JsonTest[];
}

interface JsonTest {
  readonly fullTitle: string;
  readonly err: { readonly message?: string; readonly stack?: string; readonly code?: string };
}

function readReport(file: string): readonly TestResult[] {
  const { passes, failures, pending } = JSON.parse(readFileSync(file, 'utf8')) as JsonReport;
  const results = (tests: readonly JsonTest[], state: TestResult['state']) =>
    tests.map(({ fullTitle, err }) => {
      return { title: fullTitle, state, message: err.message ?? '', stack: err.stack ?? '', code: err.code };
    });
  return [...results(passes, 'passed'), ...results(failures, 'failed'), ...results(pending, 'pending')];
}
