import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname, join } from 'node:path';
import { atExit } from '../core/at-exit.ts';
import { hasCode } from '../errors.ts';
import { maskSecrets } from '../evidence/mask-secrets.ts';
import { sleep, within } from '../real-time.ts';

/** How a program is run. */
export interface RunOptions {
  readonly directory: string;
  /** Added to the environment; undefined takes one away. */
  readonly variables: readonly (readonly [name: string, value: string | undefined])[];
  /** In milliseconds. */
  readonly timeout: number;
}

/** How much of what a program prints is remembered, in characters, and how much of that is shown, in lines. */
const REMEMBERED = 20_000;
const SHOWN_LINES = 20;

/** What a program has printed arrives a moment after its end; what it has started may keep the pipe for ever. */
const LAST_WORDS_MS = 200;

/**
 * Runs a program to its end, with nothing to read. It ends with this process, together with what it has started.
 *
 * @throws {Error} when it is not found, does not end with exit code 0, or takes too long.
 */
export async function runProgram([program = '', ...words]: readonly string[], options: RunOptions): Promise<void> {
  const { directory, variables, timeout } = options;
  const child = spawn(program, words, {
    cwd: directory,
    env: environment(directory, variables),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32', // with what it starts it makes a group, which can be ended as one
    windowsHide: true,
  });
  const kill = () => endGroup(child);
  const forget = killWithProcess(kill);
  const printed = collect(child);
  const closed = once(child, 'close').catch(() => undefined);
  try {
    const [code, signal] = await within(timeout, ended(child), () => new TooLate());
    if (code === 0) return;
    await Promise.race([closed, sleep(LAST_WORDS_MS)]);
    const end = signal ? `signal ${signal}` : `exit code ${code}`;
    throw new Error(`it ended with ${end}. To see more, run it by hand with an empty database. ${printed()}`);
  } catch (error) {
    kill();
    if (error instanceof TooLate) {
      const seconds = timeout / 1000;
      throw new Error(`it took longer than ${seconds} s and was ended; the option "timeout" allows more. ${printed()}`);
    }
    if (hasCode(error, 'ENOENT')) throw notFound(program, directory, error);
    throw error;
  } finally {
    forget();
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

class TooLate extends Error {}

async function ended(child: ChildProcess): Promise<[code: number | null, signal: NodeJS.Signals | null]> {
  const [code, signal] = await once(child, 'exit'); // rejects with what keeps it from being started
  return [code, signal];
}

/** Programs that packages bring are found as in npm's scripts. */
function environment(directory: string, variables: RunOptions['variables']): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const [name, value] of variables) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  env[name] = [...binaries(directory), env[name] ?? ''].join(delimiter);
  return env;
}

function binaries(directory: string): readonly string[] {
  const here = join(directory, 'node_modules', '.bin');
  return directory === dirname(directory) ? [here] : [here, ...binaries(dirname(directory))];
}

/** Answers what shows the last lines of both streams, as they came. */
function collect(child: ChildProcess): () => string {
  let text = '';
  let isCut = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.length <= REMEMBERED) return;
      text = text.slice(-REMEMBERED);
      isCut = true;
    });
  }
  return () => {
    if (text.trim() === '') return 'It printed nothing.';
    const lines = text.trimEnd().split('\n');
    if (isCut) lines[0] = '…'; // half a secret would not be known for one
    return `The end of what it printed:\n  ${maskSecrets(lines.slice(-SHOWN_LINES).join('\n  '))}\n`;
  };
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // this system has no groups
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A terminal's signals do not reach another group. Answers what undoes this. */
function killWithProcess(kill: () => void): () => void {
  const forget = atExit({ whileExiting: kill });
  const passOn = (signal: NodeJS.Signals) => {
    kill();
    stop();
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal); // nobody else wants to handle it
  };
  const stop = () => {
    for (const signal of SIGNALS) process.off(signal, passOn);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  return () => {
    forget();
    stop();
  };
}

function notFound(program: string, directory: string, cause: unknown): Error {
  const where = `in node_modules/.bin of ${directory} and of the directories above it, or along PATH`;
  return new Error(`there is no program "${program}" ${where}. Install what brings it, or write its path`, { cause });
}
