import type { Client } from './clients/client.ts';
import type { LeaseContext } from './core/context.ts';
import type { ReportedLeak } from './core/leak-list.ts';
import type { Lease, LeaseHandling, ManagedLease } from './core/lease.ts';
import { invalidOption } from './errors.ts';
import type { Isolation } from './isolation.ts';
import type { SourcedProvider } from './provider.ts';

/** The part of an isolation that only test runners use. A registered symbol, for the reason given in provider.ts. */
export const runnerAccess: unique symbol = Symbol.for('@acme/db-isolation/runner-access') as never;

/** What a runner does beyond {@link Isolation}. */
export interface RunnerAccess<Db> {
  /**
   * Starts opening a database; the lease is there at once, so that a context can be entered synchronously.
   *
   * @param handling what is done otherwise than with the tests of this isolation.
   */
  open(title: string, handling?: Partial<LeaseHandling>): ManagedLease<Db>;
  readonly client: Client<Db>;
  readonly providers: readonly SourcedProvider<Db>[];
  /** Whether the team wants foreign databases to be refused. */
  readonly isGuarded: boolean;
  readonly context: LeaseContext<ManagedLease<Db>>;
  /** Refuses foreign databases from now on, unless the team has turned that off; idempotent. */
  guard(): void;
  /** What tests did after their end since the last call. */
  takeLate(): readonly LateLeak[];
  /** The caller's lease, or undefined when no test is running. */
  find(): Lease<Db> | undefined;
  /** Removes what was made for tests that have not come, and waits for what is done in the background. */
  settle(): Promise<void>;
}

/** Something that a test did after its end. */
export interface LateLeak {
  readonly title: string;
  readonly leak: ReportedLeak;
}

/** An isolation as runners see it. */
export interface RunnableIsolation<Db> extends Isolation<Db> {
  readonly [runnerAccess]: RunnerAccess<Db>;
}

/**
 * The part of an isolation that runners use.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION` for anything else, such as what circular imports leave undefined.
 */
export function accessOf<Db>(isolation: Isolation<Db>): RunnerAccess<Db> {
  const access = (isolation as RunnableIsolation<Db> | undefined)?.[runnerAccess];
  if (!access) throw invalidOption('isolation', isolation, 'what createIsolation() returned');
  return access;
}
