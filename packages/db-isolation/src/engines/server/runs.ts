import { repeat } from '../../real-time.ts';
import { livenessOf, processIdentity } from '../process-identity.ts';
import type { Workers } from './connections.ts';
import type { ServerDialect } from './dialect.ts';
import { newRunId } from './names.ts';
import type { RegisteredRun, Registry } from './registry.ts';
import { locksOf, sessionLock } from './run-locks.ts';
import type { SessionConnection } from './session-connection.ts';

/** A run that has not renewed its lease for so long, in milliseconds, is dead, unless it holds its lock. */
const LEASE_MS = 60_000;
const RENEWAL_MS = 15_000;

/** How long the server may take to notice that a process of this machine is gone, in milliseconds. */
const NOTICING_MS = 2_000;

/** What runs work with. */
interface Environment {
  readonly dialect: ServerDialect;
  readonly workers: Workers;
  readonly registry: Registry;
  readonly session: SessionConnection;
}

/**
 * This process as a run that others can tell from a dead one, in three ways: its process, for others on this machine;
 * locks that end with its connections; and a lease in the server with an expiry, which it renews, for the time in which a
 * connection is lost.
 */
export class Run {
  readonly id = newRunId();
  readonly #environment: Environment;
  readonly #process = processIdentity();
  #stopRenewing: () => void = () => undefined;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  async begin(): Promise<void> {
    await this.#environment.session.tryLocks([sessionLock(this.id)]);
    await this.#renew();
    this.#stopRenewing = repeat(RENEWAL_MS, () => {
      this.#renew().catch(() => undefined); // the next one, or the next test, will find out
    });
  }

  /**
   * Removes this run's databases and the run itself.
   *
   * @throws {AggregateError} when some could not be removed; a later run tries again.
   */
  async end(): Promise<void> {
    this.#stopRenewing();
    const failures = await this.#remove(this.id);
    if (failures.length > 0) throw new AggregateError(failures, 'Some databases could not be dropped');
  }

  /**
   * Removes the databases of dead runs. Safe beside live runs and beside others doing the same. One that cannot be removed
   * is left for later, since it is nobody's fault here. Answers how many runs are gone.
   */
  async sweep(): Promise<number> {
    const { registry, session } = this.#environment;
    let removed = 0;
    for (const run of await registry.runs()) {
      const liveness = run.id === this.id ? 'alive' : livenessOf(run.process);
      if (liveness === 'alive' || (liveness === 'unknown' && !run.expired)) continue;
      const patience = liveness === 'dead' ? NOTICING_MS : 0;
      const work = async () => {
        if (await this.#removeIfStillDead(run)) removed += 1;
      };
      // One lock inside the other, so that nobody else can hold any of them meanwhile.
      const withLocks = locksOf(run.id).reduce<() => Promise<unknown>>(
        (inner, lock) => () => session.during(lock, patience, async () => void (await inner())),
        work,
      );
      await withLocks();
    }
    return removed;
  }

  /** It may have been removed, or have come back, before this process got the lock. */
  async #removeIfStillDead(run: RegisteredRun): Promise<boolean> {
    const now = (await this.#environment.registry.runs()).find(({ id }) => id === run.id);
    if (!now || (livenessOf(run.process) === 'unknown' && !now.expired)) return false;
    return (await this.#remove(run.id)).length === 0;
  }

  /** Answers why some could not be removed; they stay registered, and so does their run. */
  async #remove(id: string): Promise<readonly unknown[]> {
    const { dialect, workers, registry } = this.#environment;
    const names = await registry.namesOf(id);
    const drops = await Promise.allSettled(
      names.map((name) => workers.run((connection) => dialect.drop(connection, name), { repeatable: true })),
    );
    await registry.forget(names.filter((_, index) => drops[index]?.status === 'fulfilled'));
    const failures = drops.filter((drop) => drop.status === 'rejected').map(({ reason }) => reason as unknown);
    if (failures.length === 0) await registry.forgetRun(id);
    return failures;
  }

  #renew(): Promise<void> {
    return this.#environment.registry.renewRun(this.id, this.#process, LEASE_MS);
  }
}
