import { hasCode, invalidOption } from '../../errors.ts';
import { within } from '../../real-time.ts';
import type { Changes } from '../changes.ts';
import type { Clone, EngineSession, Kept, ServerAddress, SweepReport } from '../engine.ts';
import { Findings } from '../findings.ts';
import { ConnectionBudget } from './budget.ts';
import { patiently, Workers } from './connections.ts';
import type { AdminConnection, ServerDialect, ServerFacts } from './dialect.ts';
import { KeptDatabases } from './kept-databases.ts';
import { newCloneName, templateName } from './names.ts';
import { openRegistry } from './open-registry.ts';
import { Registry } from './registry.ts';
import { lockAll, WORKERS, workerLock } from './run-locks.ts';
import { Run } from './runs.ts';
import { SessionConnection } from './session-connection.ts';
import { TemplateStore } from './template-store.ts';

/** Options that all engines on a server have. */
export interface ServerOptions {
  /** How many connections one test may have open at the same moment, in all its pools. Default: 5. */
  readonly connectionsPerTest?: number;
  /**
   * How many connections all processes together may have open at the same moment, the library's own 3 for each process
   * included. Default: 80 % of what the server allows.
   */
  readonly maxConnections?: number;
  /** How long a test waits for room for its connections, in milliseconds. Default: 30,000. */
  readonly connectionTimeout?: number;
  /** How long building the template may take, here or in another process, in milliseconds. Default: 120,000. */
  readonly templateTimeout?: number;
}

/** How many names are reserved with one write. */
const NAMES_AT_ONCE = 8;

/** How long a new connection waits for what the server still does for a lost one, in milliseconds. */
const FINISHING_MS = 2_000;

const SHARE_OF_SERVER = 0.8;

/**
 * Checks options before anything is connected.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 */
export function assertServerOptions(options: ServerOptions): void {
  const { connectionsPerTest = 1, maxConnections = 1, connectionTimeout = 1, templateTimeout = 1 } = options;
  for (const [name, value] of Object.entries({ connectionsPerTest, maxConnections })) {
    if (!(Number.isInteger(value) && value > 0)) throw invalidOption(name, value, 'a whole number above 0');
  }
  for (const [name, value] of Object.entries({ connectionTimeout, templateTimeout })) {
    if (!(value > 0)) throw invalidOption(name, value, 'a number of milliseconds');
  }
}

/** One process at work on a server. */
export class ServerSession implements EngineSession {
  readonly worksAhead = true;
  readonly fingerprint: string;
  readonly #dialect: ServerDialect;
  readonly #connectionsPerTest: number;
  readonly #removeAtExit: (run: string) => void;
  readonly #session: SessionConnection;
  readonly #workers: Workers;
  readonly #registry: Registry;
  readonly #run: Run;
  readonly #budget: ConnectionBudget;
  readonly #templates: TemplateStore;
  readonly #kept: KeptDatabases;
  readonly #made = new Set<string>();
  /** Copies of templates that are about to go again. */
  readonly #unwanted = new Set<Promise<unknown>>();
  /** All that are open, also those that are not ready for use yet. */
  #connections: AdminConnection[] = [];
  #names: string[] = [];
  #reserving: Promise<void> = Promise.resolve();
  #close: Promise<void> | undefined;

  /**
   * Connects, and makes the registry where it is missing.
   *
   * @param removeAtExit removes what a run has made, synchronously, while the process exits.
   * @throws {IsolationError} `DBI_SERVER_UNREACHABLE`, `DBI_SERVER_UNSUPPORTED`, `DBI_NO_PERMISSION`,
   * `DBI_TOO_MANY_CONNECTIONS`.
   */
  static async start(
    dialect: ServerDialect,
    options: ServerOptions,
    removeAtExit: (run: string) => void,
  ): Promise<ServerSession> {
    const first = await openRegistry(dialect);
    try {
      const session = new ServerSession(dialect, options, removeAtExit, first, await dialect.inspect(first));
      await session.#budget.admitOwn();
      await session.#run.begin();
      return session;
    } catch (error) {
      await first.close();
      throw error;
    }
  }

  private constructor(
    dialect: ServerDialect,
    options: ServerOptions,
    removeAtExit: (run: string) => void,
    first: AdminConnection,
    facts: ServerFacts,
  ) {
    const { connectionsPerTest = 5, connectionTimeout = 30_000, templateTimeout = 120_000 } = options;
    const { maxConnections = Math.floor(facts.maxConnections * SHARE_OF_SERVER) } = options;
    this.#connections.push(first);
    const connect = patiently(async () => {
      const connection = await dialect.connect(dialect.registryName);
      this.#connections = [...this.#connections.filter(({ isOpen }) => isOpen), connection];
      return connection;
    });
    const session = new SessionConnection(dialect, first, connect);
    const workers = new Workers(async (number) => {
      const connection = await connect();
      // When an earlier one was lost, the server may still be at work for it.
      await lockAll(dialect, connection, [workerLock(run.id, number)], FINISHING_MS);
      return connection;
    }, WORKERS);
    const registry = new Registry(session.query, dialect.nowSql);
    const run = new Run({ dialect, workers, registry, session });
    this.fingerprint = facts.fingerprint;
    this.#dialect = dialect;
    this.#connectionsPerTest = connectionsPerTest;
    this.#removeAtExit = removeAtExit;
    this.#session = session;
    this.#workers = workers;
    this.#registry = registry;
    this.#run = run;
    this.#budget = new ConnectionBudget(session, {
      total: maxConnections,
      perTest: connectionsPerTest,
      own: 1 + WORKERS,
      timeout: connectionTimeout,
    });
    const newName = () => this.#nextName();
    this.#templates = new TemplateStore({ dialect, workers, registry, session, newName, timeout: templateTimeout });
    this.#kept = new KeptDatabases({ dialect, workers, registry }, run.id);
  }

  async ensureTemplate(fingerprint: string, build: (address: ServerAddress) => Promise<void>): Promise<void> {
    const name = templateName(fingerprint);
    await this.sweep();
    // It uses the connections of the test that waits for it, for which there is room.
    await this.#templates.ensure(name, () => build(this.#address(name)));
  }

  admit(): Promise<() => void> {
    return this.#budget.admit();
  }

  async clone(fingerprint: string): Promise<Clone | undefined> {
    const template = templateName(fingerprint);
    const [how, name] = await Promise.all([this.#registry.sealedAs(template), this.#nextName()]);
    if (how === undefined) return undefined;
    this.#made.add(name);
    const made = await this.#workers.run((connection) => this.#dialect.clone(connection, template, name, how));
    if (!made) {
      this.#made.delete(name);
      return undefined;
    }
    let dropped: Promise<void> | undefined;
    return {
      address: this.#address(name),
      changes: (milliseconds) => this.#changes(name, template, how, milliseconds),
      drop: () => {
        dropped ??= this.#drop(name);
        return dropped;
      },
      keep: (title) => this.#keep(name, title),
    };
  }

  async sweep(): Promise<SweepReport> {
    return {
      runs: await this.#run.sweep(),
      kept: await this.#kept.removeOld(),
      templates: await this.#templates.evict(),
    };
  }

  close(): Promise<void> {
    this.#close ??= this.#end();
    return this.#close;
  }

  closeAtExit(): void {
    if (this.#made.size === 0) return;
    for (const connection of this.#connections) connection.cutOff(); // or else their locks would outlast what follows
    this.#removeAtExit(this.#run.id);
  }

  async #end(): Promise<void> {
    try {
      await this.#budget.close();
      await Promise.all(this.#unwanted);
      await this.#run.end();
      this.#made.clear();
    } finally {
      await this.#disconnect();
    }
  }

  async #disconnect(): Promise<void> {
    await Promise.all([this.#session.close(), this.#workers.close()]);
  }

  async #changes(name: string, template: string, how: string, milliseconds: number): Promise<Changes> {
    const findings = new Findings(milliseconds);
    if (this.#dialect.readsTemplates) {
      await this.#dialect.compare(name, template, how, findings);
      return findings.changes;
    }
    const copy = await this.#nextName();
    this.#made.add(copy);
    const making = this.#workers.run((connection) => this.#dialect.clone(connection, template, copy, how));
    const late = () => new Error(LATE);
    const made = await within(Math.max(1, findings.remaining), making, late).catch(unlessLate);
    try {
      if (made) await this.#dialect.compare(name, copy, how, findings);
      else if (made === false) findings.leaveOut('nothing was compared: the template has been removed');
      else findings.leaveOut('nothing was compared: copying the template takes too long');
    } finally {
      // When it cannot be dropped, the end of the run tells.
      const gone = making.then(() => this.#drop(copy)).catch(() => undefined);
      this.#unwanted.add(gone);
      gone.then(() => this.#unwanted.delete(gone));
      await within(Math.max(1, findings.remaining), gone, late).catch(unlessLate);
    }
    return findings.changes;
  }

  async #keep(name: string, title: string): Promise<Kept | undefined> {
    const kept = await this.#kept.keep(name, title);
    if (!kept) return undefined;
    this.#made.delete(name);
    const discard = async () => {
      await kept.discard();
      if (this.#close) await this.#disconnect(); // it connected once more
    };
    return { ...kept, discard };
  }

  async #drop(name: string): Promise<void> {
    try {
      await this.#workers.run((connection) => this.#dialect.drop(connection, name), { repeatable: true });
    } catch (error) {
      // It is still written down: the end of the run removes it, or says why it could not.
      if (hasCode(error, 'DBI_TOO_MANY_CONNECTIONS', 'DBI_SERVER_UNREACHABLE')) return;
      throw error;
    }
    this.#made.delete(name);
    await this.#registry.forget([name]);
  }

  /** Names are written down before databases of these names are made, so that none is ever left that nobody knows of. */
  async #nextName(): Promise<string> {
    for (;;) {
      const name = this.#names.pop();
      if (name !== undefined) return name;
      this.#reserving = this.#reserving.then(
        () => this.#reserve(),
        () => this.#reserve(),
      );
      await this.#reserving;
    }
  }

  async #reserve(): Promise<void> {
    if (this.#names.length > 0) return;
    const names = Array.from({ length: NAMES_AT_ONCE }, newCloneName);
    await this.#registry.reserve(this.#run.id, names);
    this.#names = names;
  }

  #address(name: string): ServerAddress {
    const { dialect } = this.#dialect;
    return { dialect, url: this.#dialect.url(name), maxConnections: this.#connectionsPerTest };
  }
}

/** Says that something took too long. */
const LATE = 'late';

function unlessLate(error: Error): undefined {
  if (error.message !== LATE) throw error;
}
