import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { elapsed } from '../../real-time.ts';
import type { Kept } from '../engine.ts';
import type { Workers } from './connections.ts';
import type { ServerDialect } from './dialect.ts';
import type { KeptDatabase, Registry } from './registry.ts';

/** Kept databases go after this many days … */
const KEPT_DAYS = 7;
/** … and when a project has more than this many, the oldest first, but never one kept since this process began. */
const KEPT_PER_PROJECT = 20;

const DAY_MS = 86_400_000;

/** What keeping works with. */
interface Environment {
  readonly dialect: ServerDialect;
  readonly workers: Workers;
  readonly registry: Registry;
}

/** Databases of failed tests. A project is a working directory on one machine. */
export class KeptDatabases {
  readonly #environment: Environment;
  readonly #run: string;
  readonly #start = elapsed();
  readonly #project = createHash('sha256').update(`${hostname()}\0${process.cwd()}`).digest('hex').slice(0, 32);

  constructor(environment: Environment, run: string) {
    this.#environment = environment;
    this.#run = run;
  }

  /**
   * Keeps a database under its own name. Answers undefined when this process and those beside it have kept as many as a
   * project may have.
   */
  async keep(name: string, title: string): Promise<Kept | undefined> {
    const { dialect, registry } = this.#environment;
    const recent = (await registry.kept()).filter((kept) => this.#isRecent(kept) && kept.project === this.#project);
    if (recent.length >= KEPT_PER_PROJECT) return undefined;
    await registry.keep(name, this.#project);
    await this.removeOld();
    return {
      title,
      url: dialect.shownUrl(name),
      command: dialect.command(name),
      discard: () => this.#remove(name),
    };
  }

  /** Applies both limits to every project. Answers how many went. */
  async removeOld(): Promise<number> {
    const kept = await this.#environment.registry.kept();
    const counts = new Map<string, number>();
    const old = kept.filter((database) => {
      const count = (counts.get(database.project) ?? 0) + 1;
      counts.set(database.project, count);
      return !this.#isRecent(database) && (count > KEPT_PER_PROJECT || database.age > KEPT_DAYS * DAY_MS);
    });
    const removals = await Promise.allSettled(old.map(({ name }) => this.#remove(name)));
    return removals.filter(({ status }) => status === 'fulfilled').length; // somebody may look at one of the others
  }

  /** Whether it may belong to a failure of this run, be it in this process or in one beside it. */
  #isRecent({ run, age }: KeptDatabase): boolean {
    return run === this.#run || age <= elapsed() - this.#start;
  }

  async #remove(name: string): Promise<void> {
    const { dialect, workers, registry } = this.#environment;
    await workers.run((connection) => dialect.drop(connection, name));
    await registry.forget([name]);
  }
}
