/// <reference lib="esnext.disposable" preserve="true" />
import type { Client, Leak } from '../clients/client.ts';
import type { Clone, Kept } from '../engines/engine.ts';
import { IsolationError, noLease, releaseFailed, staleLease } from '../errors.ts';
import { within } from '../real-time.ts';
import type { LeaseContext } from './context.ts';

/** Which databases outlive their test. */
export type Keep = 'failed' | 'always' | 'never';

/** What became of a database. */
export interface ReleaseReport {
  readonly outcome: 'dropped' | 'kept';
  /** Why, in a few words. */
  readonly reason: string;
  /** What the test left behind in its client; it was rolled back and given back. */
  readonly leaks: readonly Leak[];
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

/** What a lease needs from the isolation that made it. */
export interface LeaseEnvironment<Db> {
  readonly client: Client<Db>;
  readonly context: LeaseContext<ManagedLease<Db>>;
  readonly keep: Keep;
  /** Makes the database itself. */
  clone(): Promise<Clone>;
  /** Called once, when the lease is over. */
  ended(): void;
}

/** The reason of a release that would have kept its database, had the run not kept enough already. */
export const ENOUGH_KEPT = 'this run has kept as many databases as a project may have';

/** Opening and closing take milliseconds; this bounds how long a release waits for either when it hangs. */
const PATIENCE_MS = 5_000;

/** A lease from the moment somebody asks for it: it opens in the background, and `ready` tells when it is done. */
export class ManagedLease<Db> implements Lease<Db> {
  readonly title: string;
  /** Settles when the database is open or could not be opened; never rejects. */
  readonly ready: Promise<void>;
  readonly #environment: LeaseEnvironment<Db>;
  #opened: { readonly db: Db; readonly clone: Clone } | undefined;
  #error: unknown;
  #ended = false;
  #release: Promise<ReleaseReport> | undefined;

  constructor(title: string, environment: LeaseEnvironment<Db>) {
    this.title = title;
    this.#environment = environment;
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
    return this.#current().clone.address.url;
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
      const clone = await this.#environment.clone();
      this.#opened = { db: await this.#connect(clone), clone };
      if (!this.#ended) this.#environment.context.add(this);
    } catch (error) {
      this.#error = error;
    }
  }

  async #connect(clone: Clone): Promise<Db> {
    try {
      return await this.#environment.client.open(clone.address);
    } catch (error) {
      await clone.drop();
      throw error;
    }
  }

  #current(): { readonly db: Db; readonly clone: Clone } {
    if (this.#ended) throw staleLease(this.title);
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
    if (this.#opened) client.fence(this.#opened.db, () => staleLease(this.title));
  }

  async #finish(failed: boolean): Promise<ReleaseReport> {
    if (!this.#opened) return { outcome: 'dropped', reason: 'no database was opened', leaks: [] };
    this.#fence(); // it may have been opened after the first time

    const { client, keep } = this.#environment;
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
    const leaks = (await attempt(() => within(PATIENCE_MS, client.close(db), () => tooSlow('closing')))) ?? [];
    const wanted = keep === 'always' || (keep === 'failed' && failed);
    const kept = wanted ? await attempt(() => clone.keep(this.title)) : undefined;
    if (!kept) await attempt(() => clone.drop());
    if (failures.length > 0) throw releaseFailed(this.title, failures);

    if (wanted && !kept) return { outcome: 'dropped', reason: ENOUGH_KEPT, leaks };
    const reason = `the test ${failed ? 'failed' : 'did not fail'} and keep is '${keep}'`;
    return kept ? { outcome: 'kept', reason, leaks, kept } : { outcome: 'dropped', reason, leaks };
  }
}

function tooSlow(what: string): IsolationError {
  return new IsolationError('DBI_RELEASE_FAILED', `${what} it took longer than ${PATIENCE_MS / 1000} s`);
}
