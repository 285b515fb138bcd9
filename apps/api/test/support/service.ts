import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));
const COMMAND = ['--conditions=@acme/source', '--import', 'tsx', 'apps/api/src/main.ts'];

/** What a service that has ended left behind. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The service as a process of its own, started as `npm start` starts it. */
export class Service {
  readonly process: ChildProcess;
  #stdout = '';
  #stderr = '';
  readonly #ended: Promise<Ended>;

  /** From the sources, unless a program is given: what Node runs, with its options. */
  constructor(
    environment: Record<string, string>,
    nodeOptions: readonly string[] = [],
    program: readonly string[] = COMMAND,
  ) {
    const { PATH } = process.env;
    const env = { ...(PATH === undefined ? {} : { PATH }), PORT: '0', LOG_LEVEL: 'silent', ...environment };
    this.process = spawn(process.execPath, [...nodeOptions, ...program], { cwd: REPOSITORY, env });
    this.process.stdout?.setEncoding('utf8').on('data', (text) => {
      this.#stdout += text;
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text) => {
      this.#stderr += text;
    });
    this.#ended = once(this.process, 'close').then(([code]) => ({ code, stdout: this.#stdout, stderr: this.#stderr }));
  }

  /** The URL it says it listens on; fails when it ends before. */
  async url(): Promise<string> {
    for (;;) {
      const [, url] = /^Listening on (\S+)$/m.exec(this.#stdout) ?? [];
      if (url !== undefined) {
        return url;
      }
      const stdout = this.process.stdout;
      const ended = await Promise.race([this.#ended, stdout && once(stdout, 'data').then(() => undefined)]);
      if (ended) {
        throw new Error(`The service ended with ${ended.code}: ${ended.stderr}`);
      }
    }
  }

  /** What it has said so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** What it has complained of so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until it has ended. */
  ended(): Promise<Ended> {
    return this.#ended;
  }

  /** Sends a signal and waits until it has ended. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.process.kill(signal);
    return this.#ended;
  }
}
