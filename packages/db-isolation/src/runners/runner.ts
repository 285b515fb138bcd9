import { atExit } from '../core/at-exit.ts';
import type { Lease, ManagedLease, ReleaseReport } from '../core/lease.ts';
import type { Kept } from '../engines/engine.ts';
import { errorsIn, messageOf, tooEarlyOrLate } from '../errors.ts';
import { describeLeak } from '../leaks.ts';
import { nextTurn } from '../real-time.ts';
import type { RunnerAccess } from '../runner-access.ts';
import { outside } from '../sandbox.ts';

/** What a describe block works with: valid in its tests and in its `beforeEach` and `afterEach` hooks. */
export interface TestDatabase<Db> {
  /** The running test's own client, such as a Knex instance. */
  readonly db: Db;
  /** The running test's own lease. */
  readonly lease: Lease<Db>;
}

/** The running test's database, whoever asks. */
export function databaseOf<Db>(access: RunnerAccess<Db>): TestDatabase<Db> {
  const lease = (): Lease<Db> => {
    const found = access.find();
    if (!found) throw tooEarlyOrLate();
    return found;
  };
  return {
    get db() {
      return lease().db;
    },
    get lease() {
      return lease();
    },
  };
}

/** Ends one test's lease and prints what is only warned of. Never rejects. */
export async function endLease<Db>(lease: ManagedLease<Db>, failed: boolean): Promise<ReleaseReport | undefined> {
  await nextTurn(); // a rejection that nobody handles is told only now
  try {
    const report = await lease.release({ failed });
    for (const leak of report.leaks.filter(({ reaction }) => reaction === 'warn')) {
      warn(`"${lease.title}": ${describeLeak(leak)}`);
    }
    return report;
  } catch (error) {
    warn(messageOf(error));
    return undefined;
  }
}

/** Removes what was made for tests that have not come. Never rejects. */
export async function settleQuietly<Db>(access: RunnerAccess<Db>): Promise<void> {
  try {
    await access.settle();
  } catch (error) {
    for (const cause of errorsIn(error)) warn(messageOf(cause));
  }
}

/** Removes a kept database after all. Never rejects. */
export async function discardQuietly(kept: Kept): Promise<void> {
  try {
    await kept.discard();
  } catch (error) {
    warn(`"${kept.title}": ${messageOf(error)}`);
  }
}

/** Kept databases that no failure's output names. Prints them when the process ends. */
export class KeptList {
  readonly #kept: Kept[] = [];
  #omitted = 0;

  constructor() {
    atExit({ whileExiting: () => this.#print() });
  }

  add(kept: Kept): void {
    if (!this.#kept.includes(kept)) this.#kept.push(kept);
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

export function warn(text: string): void {
  outside.process.stderr.write(`db-isolation: ${text}\n`);
}
