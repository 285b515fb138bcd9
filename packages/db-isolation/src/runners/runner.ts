import type { Lease, ManagedLease, ReleaseReport } from '../core/lease.ts';
import type { Kept } from '../engines/engine.ts';
import { invalidOption, messageOf } from '../errors.ts';
import type { Isolation, RunnableIsolation, RunnerAccess } from '../isolation.ts';
import { runnerAccess } from '../isolation.ts';

/** What a describe block works with: valid in its tests and in its `beforeEach` and `afterEach` hooks. */
export interface TestDatabase<Db> {
  /** The running test's own client, such as a Knex instance. */
  readonly db: Db;
  /** The running test's own lease. */
  readonly lease: Lease<Db>;
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

/** Ends one test's lease and says what has to be said about it. Never rejects. */
export async function endLease<Db>(lease: ManagedLease<Db>, failed: boolean): Promise<ReleaseReport | undefined> {
  try {
    const report = await lease.release({ failed });
    for (const leak of report.leaks) warn(`"${lease.title}": ${leak.message}`);
    return report;
  } catch (error) {
    warn(messageOf(error));
    return undefined;
  }
}

/** What a failure's output says about a kept database. */
export function describeKept({ url, command }: Kept): string {
  return `Its database was kept: ${url}\nOpen it with: ${command}`;
}

/** Kept databases that no failure's output names. Prints them when the process ends. */
export class KeptList {
  readonly #kept: Kept[] = [];
  #omitted = 0;

  constructor() {
    process.once('exit', () => this.#print());
  }

  add(kept: Kept): void {
    this.#kept.push(kept);
  }

  remove(kept: Kept): void {
    const index = this.#kept.indexOf(kept);
    if (index >= 0) this.#kept.splice(index, 1);
  }

  /** Counts one that would have been kept, had there not been enough already. */
  omit(): void {
    this.#omitted += 1;
  }

  #print(): void {
    if (this.#kept.length === 0) return;
    const lines = this.#kept.slice(0, SHOWN).map(({ title, command }) => `  "${title}": ${command}`);
    const rest = this.#kept.length - lines.length;
    if (rest > 0) lines.push(`  and ${rest} more`);
    if (this.#omitted > 0) lines.push(`  and ${this.#omitted} more that were not kept, since a project has enough`);
    warn(`kept databases:\n${lines.join('\n')}`);
  }
}

const SHOWN = 20;

function warn(text: string): void {
  process.stderr.write(`db-isolation: ${text}\n`);
}
