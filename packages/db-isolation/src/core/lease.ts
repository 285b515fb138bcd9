/// <reference lib="esnext.disposable" preserve="true" />
import type { Client } from '../clients/client.ts';
import type { Changes } from '../engines/changes.ts';
import type { Address, Clone, Kept } from '../engines/engine.ts';
import { IsolationError, messageOf, noLease, releaseFailed, staleLease } from '../errors.ts';
import { type Permit, permit } from '../guard/guard.ts';
import type { Leak, LeakKind, LeakReaction } from '../leaks.ts';
import { placeOfCaller } from '../place.ts';
import { within } from '../real-time.ts';
import type { LeaseContext } from './context.ts';
import { LeakList, type ReportedLeak } from './leak-list.ts';

/** Which databases outlive their test. */
export type Keep = 'failed' | 'always' | 'never';

/** What became of a database. */
export interface ReleaseReport {
  readonly outcome: 'dropped' | 'kept';
  /** Why, in a few words. */
  readonly reason: string;
  /** What the test left behind, and what it did that it must not do. All of it was cleaned up. */
  readonly leaks: readonly ReportedLeak[];
  /** What a failed test changed in its database; a leak that fails its test counts too. */
  readonly changes?: Changes;
  /** Where it is, when it was kept. */
  readonly kept?: Kept;
}

/** One test's database. */
export interface Lease<Db> extends AsyncDisposable {
  /** What was passed to `acquire` or `run`, usually the test's full title. */
  readonly title: string;
  /**
   * The open client, such as a Knex instance.
   *
   * @throws {IsolationError} `DBI_STALE_LEASE` after the release.
   */
  readonly db: Db;
  /** Text that opens this database elsewhere, such as `sqlite:///tmp/…/db.sqlite`. */
  readonly url: string;
  /**
   * Fences the database off, rolls back what is open, closes its connections and removes it, or keeps it when `failed`
   * is set and the isolation keeps failed tests' databases. Idempotent: later calls get the first one's report.
   *
   * @throws {IsolationError} `DBI_RELEASE_FAILED` when a step failed; the other steps were done all the same.
   */
  release(options?: { failed?: boolean }): Promise<ReleaseReport>;
}

/** What is done about one test's database and its leaks. */
export interface LeaseHandling {
  readonly keep: Keep;
  readonly reactionTo: (kind: LeakKind) => LeakReaction;
  /** Told of what a test does after its release. */
  late(title: string, leak: ReportedLeak): void;
}

/** What a lease needs from the isolation that made it. */
export interface LeaseEnvironment<Db> extends LeaseHandling {
  readonly client: Client<Db>;
  readonly context: LeaseContext<ManagedLease<Db>>;
  /** Waits for room for its connections; answers what gives the room back. */
  admit(): Promise<() => void>;
  /** A database of its own. */
  take(): Promise<Clone>;
  /** Drops the database, at once or later. */
  discard(clone: Clone): Promise<void>;
  /** Called once, when the lease is over. */
  ended(): void;
}

/** The reason of a release that would have kept its database, had the run not kept enough already. */
export const ENOUGH_KEPT = 'this run has kept as many databases as a project may have';

/** How long comparing a failed test's database with the template may take. */
const COMPARING_MS = 1_000;

/** Opening and closing take milliseconds; this bounds how long a release waits for either when it hangs. */
const PATIENCE_MS = 5_000;

/** A lease from the moment somebody asks for it: it opens in the background, and `ready` tells when it is done. */
export class ManagedLease<Db> implements Lease<Db> {
  readonly title: string;
  /** Settles when the database is open or could not be opened; never rejects. */
  readonly ready: Promise<void>;
  readonly #environment: LeaseEnvironment<Db>;
  readonly #leaks: LeakList;
  #opened: { readonly db: Db; readonly clone: Clone } | undefined;
  #permit: Permit | undefined;
  #error: unknown;
  #giveBack: () => void = () => undefined;
  #ended = false;
  #release: Promise<ReleaseReport> | undefined;

  constructor(title: string, environment: LeaseEnvironment<Db>) {
    this.title = title;
    this.#environment = environment;
    this.#leaks = new LeakList(environment.reactionTo, (leak) => environment.late(title, leak));
    this.ready = this.#open();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Why the database could not be opened. */
  get error(): unknown {
    return this.#error;
  }

  get db(): Db {
    return this.#current().db;
  }

  get url(): string {
    return this.address.url;
  }

  /** How a client reaches it. */
  get address(): Address {
    return this.#current().clone.address;
  }

  /** Counts something against this test, also when it has ended. Answers what takes it back until it is reported. */
  record(leak: Leak): () => void {
    return this.#leaks.add(leak);
  }

  /** The process ends before the release: tells what has been held against this test until now, and this leak. */
  abandon(leak: Leak): void {
    for (const each of this.#leaks.close([leak])) this.#environment.late(this.title, each);
  }

  /** What code gets that asks for this database too late; counts it against this test. */
  refusal(): IsolationError {
    this.#leaks.addUse(placeOfCaller()());
    return staleLease(this.title);
  }

  release(options: { failed?: boolean } = {}): Promise<ReleaseReport> {
    this.#release ??= this.#end(options.failed ?? false).finally(() => this.#environment.ended());
    return this.#release;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #open(): Promise<void> {
    try {
      this.#giveBack = await this.#environment.admit();
      if (this.#ended) return this.#giveBack(); // nobody waits for it any more
      const clone = await this.#environment.take();
      this.#permit = permit(clone.address);
      this.#opened = { db: await this.#connect(clone), clone };
      if (!this.#ended) this.#environment.context.add(this);
    } catch (error) {
      this.#error = error;
      this.#giveBack();
    }
  }

  async #connect(clone: Clone): Promise<Db> {
    try {
      return await this.#environment.client.open(clone.address);
    } catch (error) {
      this.#permit?.closeRest();
      await this.#environment.discard(clone);
      throw error;
    }
  }

  #current(): { readonly db: Db; readonly clone: Clone } {
    if (this.#ended) throw this.refusal();
    if (this.#error !== undefined) throw this.#error;
    if (!this.#opened) throw noLease();
    return this.#opened;
  }

  async #end(failed: boolean): Promise<ReleaseReport> {
    this.#fence();
    try {
      await within(PATIENCE_MS, this.ready, () => tooSlow('opening'));
    } catch (error) {
      this.ready.then(() => this.#finish(failed)).catch(() => undefined); // whoever released it has been told already
      throw releaseFailed(this.title, [error]);
    }
    return this.#finish(failed);
  }

  #fence(): void {
    const { client, context } = this.#environment;
    this.#ended = true;
    context.remove(this);
    if (this.#opened)
      client.fence(this.#opened.db, (use) => (use === 'late' ? this.refusal() : staleLease(this.title)));
    this.#permit?.revoke();
  }

  async #finish(failed: boolean): Promise<ReleaseReport> {
    const { client, keep } = this.#environment;
    if (!this.#opened) {
      return { outcome: 'dropped', reason: 'no database was opened', leaks: this.#leaks.close() };
    }
    this.#fence(); // it may have been opened after the first time

    const { db, clone } = this.#opened;
    const failures: unknown[] = [];
    const attempt = async <T>(step: () => Promise<T> | T): Promise<T | undefined> => {
      try {
        return await step();
      } catch (error) {
        failures.push(error);
        return undefined;
      }
    };
    const closed = () => client.close(db, this.#permit?.ownPorts());
    const left = (await attempt(() => within(PATIENCE_MS, closed(), () => tooSlow('closing')))) ?? [];
    const leaks = this.#leaks.close([...left, ...(this.#permit?.closeRest() ?? [])]);
    const hasFailed = failed || leaks.some(({ reaction }) => reaction === 'fail');
    const changes = hasFailed ? await changesOf(clone) : undefined;
    this.#giveBack(); // comparing needs connections as well
    const wanted = keep === 'always' || (keep === 'failed' && hasFailed);
    const kept = wanted ? await attempt(() => clone.keep(this.title)) : undefined;
    if (!kept) await attempt(() => this.#environment.discard(clone));
    if (failures.length > 0) throw releaseFailed(this.title, failures);

    const evidence = { leaks, ...(changes && { changes }) };
    if (wanted && !kept) return { outcome: 'dropped', reason: ENOUGH_KEPT, ...evidence };
    const reason = `the test ${hasFailed ? 'failed' : 'did not fail'} and keep is '${keep}'`;
    return kept ? { outcome: 'kept', reason, ...evidence, kept } : { outcome: 'dropped', reason, ...evidence };
  }
}

/** A comparison that fails is evidence that is missing, nothing worse. */
async function changesOf(clone: Clone): Promise<Changes> {
  try {
    return await clone.changes(COMPARING_MS);
  } catch (error) {
    return { tables: [], schema: [], cut: [`it could not be compared with its template: ${messageOf(error)}`] };
  }
}

function tooSlow(what: string): IsolationError {
  return new IsolationError('DBI_RELEASE_FAILED', `${what} it took longer than ${PATIENCE_MS / 1000} s`);
}
