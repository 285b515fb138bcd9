import type { Client } from './clients/client.ts';
import { atExit } from './core/at-exit.ts';
import { LeaseContext } from './core/context.ts';
import { type Keep, type Lease, type LeaseHandling, ManagedLease } from './core/lease.ts';
import { Outage } from './core/outage.ts';
import { ClonePool } from './core/pool.ts';
import { rootHooks } from './core/root-hooks.ts';
import { Templates } from './core/templates.ts';
import type { Engine, EngineSession, SweepReport } from './engines/engine.ts';
import { closed, hooksNotRun, invalidOption, leaked, messageOf, noLease } from './errors.ts';
import { allowList, type Guarded, guard } from './guard/guard.ts';
import { describeLeak, type LeakKind, type LeakReaction, type LeakReactions, reactionTo } from './leaks.ts';
import { type Provider, type ProviderSource, providerSources, type SourcedProvider } from './provider.ts';
import { type LateLeak, type RunnableIsolation, type RunnerAccess, runnerAccess } from './runner-access.ts';
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
  /** What a leak does to its test: `'fail'` (default), `'warn'`, `'ignore'`, or one of these for some kinds. */
  readonly leaks?: LeakReactions;
  /**
   * Whether opening another database than the running test's fails, from the moment on when a test runner is set up:
   * `isolationHooks` or `isolateEachTest`. `allow` lists what may be opened anyway: paths and URLs in which `*` stands for
   * any characters, such as `'reference/*.sqlite'` or `'postgres://reports.example/*'`, or regular expressions for the
   * absolute path or `postgres://host:port/name`. Default: `true`.
   */
  readonly guard?: boolean | { readonly allow: readonly (string | RegExp)[] };
}

/** Gives databases to tests. Made by {@link createIsolation}. */
export interface Isolation<Db> {
  /**
   * A fresh database equal to the template, which the first call builds if it is missing.
   *
   * @param options.title names the database in messages; default: `'untitled'`.
   */
  acquire(options?: { title?: string }): Promise<Lease<Db>>;
  /**
   * Acquires, runs `body` in the lease's async context, and releases whatever happens.
   *
   * @throws {IsolationError} `DBI_LEAK` when `body` leaves something behind; and whatever `body` throws.
   */
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
  /** Releases what is still leased and removes everything that this process has made and not kept; idempotent. */
  close(): Promise<void>;
}

const OPTIONS = ['engine', 'client', 'schema', 'providers', 'keep', 'leaks', 'guard'];

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
  readonly #reactionTo: (kind: LeakKind) => LeakReaction;
  readonly #guarded: Guarded | undefined;
  readonly #context = new LeaseContext<ManagedLease<Db>>();
  readonly #leases = new Set<ManagedLease<Db>>();
  readonly #source: ProviderSource<Db> = {
    own: () => this.#usable(this.#context.own())?.db,
    find: () => this.#find()?.db,
  };
  readonly [runnerAccess]: RunnerAccess<Db>;
  readonly #outage = new Outage();
  readonly #sweeps = new Set<Promise<unknown>>();
  #late: LateLeak[] = [];
  #disarm: (() => void) | undefined;
  #started: Promise<{ session: EngineSession; pool: ClonePool }> | undefined;
  #endSession: () => Promise<void> = async () => undefined;
  #close: Promise<void> | undefined;

  constructor(options: IsolationOptions<Db>) {
    assertPart('engine', options.engine, 'start', 'sqlite()');
    assertPart('client', options.client, 'open', 'knexClient()');
    assertKeys('options', options, OPTIONS);
    assertPart('schema', options.schema, 'fingerprint', "knexMigrations({ directory: 'migrations' })");
    this.#options = options;
    this.#keep = keepFrom(options.keep);
    this.#reactionTo = reactionTo(options.leaks);
    this.#guarded = this.#guardFrom(options.guard);
    for (const provider of this.#providers()) provider[providerSources].add(this.#source);
    this[runnerAccess] = {
      open: (title, handling) => this.#open(title, handling),
      context: this.#context,
      client: options.client,
      providers: this.#providers(),
      isGuarded: this.#guarded !== undefined,
      guard: () => {
        if (this.#guarded) this.#disarm ??= guard(this.#guarded);
      },
      takeLate: () => this.#late.splice(0),
      find: () => this.#find(),
      settle: async () => {
        const started = await this.#started?.catch(() => undefined);
        await started?.pool.settle();
      },
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
    const { leaks } = await lease.release();
    const failing = leaks.filter(({ reaction }) => reaction === 'fail');
    if (failing.length > 0) throw leaked(title, failing.map(describeLeak));
    return result;
  }

  current(): Lease<Db> {
    const lease = this.#find();
    if (lease) return lease;
    const { made, ran } = rootHooks();
    throw made && !ran ? hooksNotRun() : noLease();
  }

  async sweep(): Promise<SweepReport> {
    if (this.#close) return this.#sweepAfterClose();
    const sweep = this.#start().then(({ session }) => session.sweep());
    this.#sweeps.add(sweep);
    return sweep.finally(() => this.#sweeps.delete(sweep));
  }

  close(): Promise<void> {
    this.#close ??= this.#shutDown();
    return this.#close;
  }

  #find(): ManagedLease<Db> | undefined {
    return this.#usable(this.#context.find());
  }

  #usable(lease: ManagedLease<Db> | undefined): ManagedLease<Db> | undefined {
    if (lease?.ended) throw lease.refusal();
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

  #open(title: string, handling?: Partial<LeaseHandling>): ManagedLease<Db> {
    const lease: ManagedLease<Db> = new ManagedLease(title, {
      client: this.#options.client,
      context: this.#context,
      keep: this.#keep,
      reactionTo: this.#reactionTo,
      late: (title, leak) => void this.#late.push({ title, leak }),
      admit: async () => {
        if (this.#close) throw closed();
        return this.#outage.during(async () => {
          const { session } = await this.#start();
          if (this.#close) throw closed();
          return session.admit();
        });
      },
      take: () =>
        this.#outage.during(async () => {
          const { pool } = await this.#start();
          return pool.take();
        }),
      discard: async (clone) => {
        const { pool } = await this.#start();
        return pool.discard(clone);
      },
      ended: () => this.#leases.delete(lease),
      ...handling,
    });
    this.#leases.add(lease);
    return lease;
  }

  #start(): Promise<{ session: EngineSession; pool: ClonePool }> {
    this.#started ??= this.#startEngine().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  async #startEngine(): Promise<{ session: EngineSession; pool: ClonePool }> {
    const { engine, client, schema } = this.#options;
    const session = await engine.start();
    const templates = new Templates(session, client, schema);
    const pool = new ClonePool(() => templates.clone(), { ahead: session.worksAhead });
    const forgetExit = atExit({
      whenIdle: () => this.close().catch(() => undefined), // the next run removes what it could not
      whileExiting: () => session.closeAtExit(),
    });
    this.#endSession = async () => {
      try {
        await pool.settle();
      } finally {
        await session.close();
        forgetExit();
      }
    };
    return { session, pool };
  }

  /** With a session of its own, since the one of the tests has ended. */
  async #sweepAfterClose(): Promise<SweepReport> {
    const session = await this.#options.engine.start();
    try {
      return await session.sweep();
    } finally {
      await session.close();
    }
  }

  async #shutDown(): Promise<void> {
    const ends: PromiseSettledResult<unknown>[] = await Promise.allSettled(
      [...this.#leases].map((lease) => lease.release()),
    );
    await this.#started?.catch(() => undefined); // it told whoever asked
    await Promise.allSettled(this.#sweeps);
    ends.push(...(await Promise.allSettled([this.#endSession()])));
    this.#disarm?.();
    const failures = ends.filter((end) => end.status === 'rejected').map((end) => end.reason);
    if (failures.length === 0) return;
    const reasons = failures.map(messageOf).join('; ');
    throw new AggregateError(failures, `Some databases could not be given back cleanly: ${reasons}`);
  }

  #guardFrom(option: IsolationOptions<Db>['guard'] = true): Guarded | undefined {
    if (option === false) return undefined;
    assertKeys('guard', option === true ? {} : option, ['allow']);
    return {
      allow: option === true ? [] : allowList(option.allow),
      violated: (leak) => {
        const live = this.#context.live();
        const lease = this.#context.own() ?? (live.length === 1 ? live[0] : undefined);
        lease?.record(leak);
        return lease !== undefined;
      },
    };
  }

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

/** A misspelt option would otherwise do nothing without a word. */
function assertKeys(name: string, value: object, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null) throw invalidOption(name, value, 'an object, true or false');
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw invalidOption(`a key of ${name}`, unknown, `one of ${known.map((key) => `'${key}'`).join(', ')}`);
}

function keepFrom(option: Keep = 'failed'): Keep {
  const environment = process.env['DB_ISOLATION_KEEP'];
  const [name, value] = environment ? ['DB_ISOLATION_KEEP', environment] : ['keep', option];
  const known = KEEP.find((keep) => keep === value);
  if (known) return known;
  throw invalidOption(name, value, `one of ${KEEP.map((keep) => `'${keep}'`).join(', ')}`);
}
