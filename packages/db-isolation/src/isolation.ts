import type { Client } from './clients/client.ts';
import { atExit } from './core/at-exit.ts';
import { LeaseContext } from './core/context.ts';
import { type Keep, type Lease, ManagedLease } from './core/lease.ts';
import { rootHooks } from './core/root-hooks.ts';
import { Templates } from './core/templates.ts';
import type { Engine, EngineSession, SweepReport } from './engines/engine.ts';
import { closed, hooksNotRun, invalidOption, noLease, staleLease } from './errors.ts';
import { type Provider, type ProviderSource, providerSources, type SourcedProvider } from './provider.ts';
import type { Schema } from './schemas/schema.ts';

/** How a team's test databases are made. */
export interface IsolationOptions<Db> {
  /** Where databases live: `sqlite()`. */
  readonly engine: Engine;
  /** What opens them: `knexClient()`. */
  readonly client: Client<Db>;
  /** What fills the template: `knexMigrations({ directory })`, `sqlFiles({ files })`. */
  readonly schema: Schema<NoInfer<Db>>;
  /** Factories of the app that answer each test's own database while it runs. Default: none. */
  readonly providers?: readonly Provider<NoInfer<Db>>[];
  /** Which databases outlive their test. Default: `'failed'`. The environment variable `DB_ISOLATION_KEEP` wins. */
  readonly keep?: Keep;
}

/** Gives databases to tests. Made by {@link createIsolation}. */
export interface Isolation<Db> {
  /**
   * A fresh database equal to the template, which the first call builds if it is missing.
   *
   * @param options.title names the database in messages; default: `'untitled'`.
   */
  acquire(options?: { title?: string }): Promise<Lease<Db>>;
  /** Acquires, runs `body` in the lease's async context, and releases whatever happens. */
  run<T>(title: string, body: (lease: Lease<Db>) => Promise<T> | T): Promise<T>;
  /**
   * The lease of the running test.
   *
   * @throws {IsolationError} `DBI_NO_LEASE`, `DBI_STALE_LEASE`, `DBI_AMBIGUOUS_LEASE`; `DBI_HOOKS_NOT_RUN` when root
   * hooks were made but the runner ignores them.
   */
  current(): Lease<Db>;
  /** Removes what dead processes left, and nothing of a live one. The first `acquire` of a process does so too. */
  sweep(): Promise<SweepReport>;
  /** Releases what is still leased and removes this process's directory; idempotent. */
  close(): Promise<void>;
}

/** The part of an isolation that only test runners use. A registered symbol, for the reason given in provider.ts. */
export const runnerAccess: unique symbol = Symbol.for('@acme/db-isolation/runner-access') as never;

/** What a runner does beyond {@link Isolation}. */
export interface RunnerAccess<Db> {
  /** Starts opening a database; the lease is there at once, so that a context can be entered synchronously. */
  open(title: string): ManagedLease<Db>;
  readonly context: LeaseContext<ManagedLease<Db>>;
  /** The caller's lease, or undefined when no test is running. */
  find(): Lease<Db> | undefined;
}

/** An isolation as runners see it. */
export interface RunnableIsolation<Db> extends Isolation<Db> {
  readonly [runnerAccess]: RunnerAccess<Db>;
}

const KEEP: readonly Keep[] = ['failed', 'always', 'never'];

/**
 * Says how a team's test databases are made. Does no I/O: the template is built by the first `acquire` of any process,
 * once per fingerprint, and found again by later runs.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 * @example
 * export const isolation = createIsolation({
 *   engine: sqlite(),
 *   client: knexClient(),
 *   schema: knexMigrations({ directory: 'migrations' }),
 * });
 */
export function createIsolation<Db>(options: IsolationOptions<Db>): Isolation<Db> {
  return new DatabaseIsolation(options);
}

class DatabaseIsolation<Db> implements RunnableIsolation<Db> {
  readonly #options: IsolationOptions<Db>;
  readonly #keep: Keep;
  readonly #context = new LeaseContext<ManagedLease<Db>>();
  readonly #leases = new Set<ManagedLease<Db>>();
  readonly #source: ProviderSource<Db> = {
    own: () => this.#usable(this.#context.own())?.db,
    find: () => this.#find()?.db,
  };
  readonly [runnerAccess]: RunnerAccess<Db>;
  #started: Promise<{ session: EngineSession; templates: Templates<Db> }> | undefined;
  #session: EngineSession | undefined;
  #close: Promise<void> | undefined;
  #forgetExit: () => void = () => undefined;

  constructor(options: IsolationOptions<Db>) {
    assertPart('engine', options.engine, 'start', 'sqlite()');
    assertPart('client', options.client, 'open', 'knexClient()');
    assertPart('schema', options.schema, 'fingerprint', "knexMigrations({ directory: 'migrations' })");
    this.#options = options;
    this.#keep = keepFrom(options.keep);
    for (const provider of this.#providers()) provider[providerSources].add(this.#source);
    this[runnerAccess] = {
      open: (title) => this.#open(title),
      context: this.#context,
      find: () => this.#find(),
    };
  }

  acquire({ title = 'untitled' }: { title?: string } = {}): Promise<Lease<Db>> {
    return this.#acquire(title);
  }

  async run<T>(title: string, body: (lease: Lease<Db>) => Promise<T> | T): Promise<T> {
    const lease = await this.#acquire(title);
    let result: T;
    try {
      result = await this.#context.run(lease, async () => body(lease));
    } catch (error) {
      await lease.release({ failed: true }).catch((second: unknown) => {
        throw new AggregateError([error, second], `"${title}" failed, and so did the release of its database`);
      });
      throw error;
    }
    await lease.release();
    return result;
  }

  current(): Lease<Db> {
    const lease = this.#find();
    if (lease) return lease;
    const { made, ran } = rootHooks();
    throw made && !ran ? hooksNotRun() : noLease();
  }

  async sweep(): Promise<SweepReport> {
    const { session } = await this.#start();
    const report = await session.sweep();
    if (this.#close) this.#closeSession(); // which it would have done, had the session been there
    return report;
  }

  close(): Promise<void> {
    this.#close ??= this.#shutDown();
    return this.#close;
  }

  #find(): ManagedLease<Db> | undefined {
    return this.#usable(this.#context.find());
  }

  #usable(lease: ManagedLease<Db> | undefined): ManagedLease<Db> | undefined {
    if (lease?.ended) throw staleLease(lease.title);
    if (lease?.error !== undefined) throw lease.error;
    return lease;
  }

  async #acquire(title: string): Promise<ManagedLease<Db>> {
    const lease = this.#open(title);
    await lease.ready;
    if (lease.error === undefined && !lease.ended) return lease;
    await lease.release();
    throw lease.error ?? closed();
  }

  #open(title: string): ManagedLease<Db> {
    const lease: ManagedLease<Db> = new ManagedLease(title, {
      client: this.#options.client,
      context: this.#context,
      keep: this.#keep,
      clone: async () => {
        if (this.#close) throw closed();
        const { templates } = await this.#start();
        return templates.clone();
      },
      ended: () => this.#leases.delete(lease),
    });
    this.#leases.add(lease);
    return lease;
  }

  #start(): Promise<{ session: EngineSession; templates: Templates<Db> }> {
    this.#started ??= this.#startEngine().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  async #startEngine(): Promise<{ session: EngineSession; templates: Templates<Db> }> {
    const { engine, client, schema } = this.#options;
    const session = await engine.start();
    this.#session = session;
    this.#forgetExit = atExit(this.#closeSession);
    return { session, templates: new Templates(session, client, schema) };
  }

  async #shutDown(): Promise<void> {
    const releases = await Promise.allSettled([...this.#leases].map((lease) => lease.release()));
    await this.#started?.catch(() => undefined); // it told whoever asked
    this.#forgetExit();
    this.#closeSession();
    const failures = releases.filter((release) => release.status === 'rejected').map((release) => release.reason);
    if (failures.length > 0) throw new AggregateError(failures, 'Some databases could not be given back cleanly');
  }

  /** Also the last thing that happens when a process exits without closing: synchronous. */
  readonly #closeSession = (): void => this.#session?.close();

  #providers(): readonly SourcedProvider<Db>[] {
    const { providers = [] } = this.#options;
    if (!Array.isArray(providers)) throw invalidOption('providers', providers, 'a list');
    return providers.map((provider, index) => {
      if (Object(provider)[providerSources]) return provider;
      throw invalidOption(`providers[${index}]`, provider, 'what createProvider() returned');
    });
  }
}

/** Plain JavaScript has no types that would notice a missing part, or a factory that was not called. */
function assertPart(name: string, part: object, method: string, example: string): void {
  if (typeof Object(part)[method] === 'function') return;
  throw invalidOption(name, part, `what a function such as ${example} returned`);
}

function keepFrom(option: Keep = 'failed'): Keep {
  const environment = process.env['DB_ISOLATION_KEEP'];
  const [name, value] = environment ? ['DB_ISOLATION_KEEP', environment] : ['keep', option];
  const known = KEEP.find((keep) => keep === value);
  if (known) return known;
  throw invalidOption(name, value, `one of ${KEEP.map((keep) => `'${keep}'`).join(', ')}`);
}
