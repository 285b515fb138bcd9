import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A program of `test/fixtures/` at work in a process of its own. It talks in lines. */
export interface Program {
  readonly pid: number;
  /** Lines that it has printed so far. */
  readonly lines: readonly string[];
  /** The rest of the first line that starts with `word`, as soon as there is one; rejects when the program ends first. */
  said(word: string): Promise<string>;
  /** Lets a program go on that waits for a line. */
  tell(line: string): void;
  /** Sends a signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** How it ended; includes everything that it printed. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; output: string }>;
}

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
}

const LOADER = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Programs that run at this moment. */
const running = new Set<Program>();

/** Starts `test/fixtures/<name>.ts`. */
export function startProgram(name: string, { args = [], env = {}, cwd, uid }: ProgramOptions = {}): Program {
  const file = fileURLToPath(new URL(`../fixtures/${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@acme/source', '--import', LOADER, file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  return watch(child);
}

/** Ends whatever a failed test left running. */
export function endProgramsAfterEach(): void {
  afterEach(async () => {
    await Promise.all([...running].map((program) => program.kill('SIGKILL')));
  });
}

function watch(child: ChildProcessByStdio<Writable, Readable, Readable>): Program {
  const lines: string[] = [];
  let output = '';
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    output += `${line}\n`;
    lines.push(line);
  });
  child.stderr.on('data', (data) => {
    output += String(data);
  });
  child.stdin.on('error', () => undefined); // it may end without reading
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(program);
    return { code, signal, output };
  });

  const program: Program = {
    pid: child.pid ?? 0,
    lines,
    said(word) {
      const find = () =>
        lines
          .find((line) => line.startsWith(word))
          ?.slice(word.length)
          .trim();
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = find();
          if (found === undefined) return;
          reader.off('line', look);
          resolve(found);
        };
        reader.on('line', look);
        ended.then(() => reject(new Error(`the program ended without saying "${word}":\n${output}`)), reject);
        look();
      });
    },
    tell: (line) => child.stdin.write(`${line}\n`),
    async kill(signal) {
      child.kill(signal);
      await ended;
    },
    ended,
  };
  running.add(program);
  return program;
}
