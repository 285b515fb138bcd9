import { templateInUse, templateTimeout } from '../../errors.ts';
import { elapsed, sleep, within } from '../../real-time.ts';
import type { Workers } from './connections.ts';
import type { ServerDialect } from './dialect.ts';
import type { Registry } from './registry.ts';
import type { SessionConnection } from './session-connection.ts';

/** Cached templates beyond this number go, those unused for longest first. */
const MAX_TEMPLATES = 8;

/** How long connections to a template may take to end after its builder has closed them, in milliseconds. */
const CLOSING_MS = 5_000;

/** What a store works with. */
interface Environment {
  readonly dialect: ServerDialect;
  readonly workers: Workers;
  readonly registry: Registry;
  readonly session: SessionConnection;
  /** Answers a name for a database that is gone at the end of this run at the latest. */
  readonly newName: () => Promise<string>;
  /** How long building may take, here or elsewhere, in milliseconds. */
  readonly timeout: number;
}

/** Templates on a server. One is complete as soon as the registry says how it was sealed. */
export class TemplateStore {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /**
   * Builds the template `name` unless it exists, in one process at a time.
   *
   * @throws {IsolationError} `DBI_TEMPLATE_TIMEOUT`, `DBI_TEMPLATE_IN_USE`, and whatever `build` throws.
   */
  async ensure(name: string, build: () => Promise<void>): Promise<void> {
    const { registry, session, timeout } = this.#environment;
    if (!(await this.#isComplete(name))) {
      const done = await session.during(lockName(name), timeout, async () => {
        if (await this.#isComplete(name)) return; // built while this process waited
        await this.remove(name); // half-built, or dropped by somebody
        await this.#build(name, build);
      });
      if (!done) throw templateTimeout(name, timeout);
    }
    await registry.markUsed(name);
    await this.evict();
  }

  /** Removes the templates that were unused for longest, and those whose builder was killed. Answers how many. */
  async evict(): Promise<number> {
    const { registry, session } = this.#environment;
    const templates = await registry.templates();
    const old = templates.filter(({ sealed }, index) => !sealed || index >= MAX_TEMPLATES);
    let removed = 0;
    for (const { name } of old) {
      const removeIfStillOld = async () => {
        const now = (await registry.templates()).findIndex((template) => template.name === name);
        if (now < 0 || ((await registry.sealedAs(name)) !== undefined && now < MAX_TEMPLATES)) return;
        await this.remove(name);
        removed += 1;
      };
      // Whoever builds it, or removes it, holds the lock. One that cannot be removed is left for later.
      await session.during(lockName(name), 0, removeIfStillOld).catch(() => undefined);
    }
    return removed;
  }

  async remove(name: string): Promise<void> {
    const { dialect, workers, registry } = this.#environment;
    await workers.run((connection) => dialect.drop(connection, name));
    await registry.forgetTemplate(name);
  }

  async #isComplete(name: string): Promise<boolean> {
    const { dialect, workers, registry } = this.#environment;
    if ((await registry.sealedAs(name)) === undefined) return false;
    return workers.run((connection) => dialect.exists(connection, name));
  }

  async #build(name: string, build: () => Promise<void>): Promise<void> {
    const { dialect, workers, registry, newName, timeout } = this.#environment;
    await registry.addTemplate(name);
    const scratch = await newName();
    try {
      await workers.run((connection) => dialect.create(connection, name));
      await within(timeout, build(), () => templateTimeout(name, timeout));
      await workers.run(async (connection) => {
        const deadline = elapsed() + CLOSING_MS;
        while ((await dialect.countConnections(connection, name)) > 0) {
          if (elapsed() > deadline) throw templateInUse(name, undefined);
          await sleep(POLL_MS);
        }
        await registry.sealTemplate(name, await dialect.seal(connection, name, scratch));
      });
    } catch (error) {
      await this.remove(name).catch(() => undefined); // why it failed says more than why it cannot be removed
      throw error;
    }
  }
}

const POLL_MS = 10;

function lockName(template: string): string {
  return `template-${template}`;
}
