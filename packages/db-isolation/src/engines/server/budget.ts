import { tooManyConnections } from '../../errors.ts';
import { elapsed, repeat, sleep } from '../../real-time.ts';

/** Tries to get locks that end with this process's session, and gives them back. */
export interface Locks {
  tryLocks(names: readonly string[]): Promise<readonly boolean[]>;
  unlock(names: readonly string[]): Promise<void>;
  /** Runs `work` with a lock; answers false without running it when the lock could not be had in so many milliseconds. */
  during(name: string, timeout: number, work: () => Promise<void>): Promise<boolean>;
}

/** How many connections there may be. */
export interface BudgetLimits {
  /** All processes together. */
  readonly total: number;
  /** Each test. */
  readonly perTest: number;
  /** The library itself, in each process. */
  readonly own: number;
  /** How long to wait for room, in milliseconds. */
  readonly timeout: number;
}

/**
 * Shares the connections of a server among all processes that use it: each connection needs a slot, and a slot is a lock
 * in the server, so that a killed process gives its slots back without anybody's help. Whoever has to wait holds the turn
 * meanwhile, which is a lock as well: then others give back what they have but do not use, and get in line.
 */
export class ConnectionBudget {
  readonly #locks: Locks;
  readonly #limits: BudgetLimits;
  readonly #held = new Set<number>();
  readonly #unused: number[] = [];
  #queue: Promise<unknown> = Promise.resolve();
  /** Looking whether somebody waits. */
  #look: Promise<void> | undefined;
  #stopLooking: () => void = () => undefined;
  #closed = false;

  constructor(locks: Locks, limits: BudgetLimits) {
    this.#locks = locks;
    this.#limits = limits;
  }

  /**
   * Waits for the slots of one test. Answers what gives them back.
   *
   * @throws {IsolationError} `DBI_TOO_MANY_CONNECTIONS` when there was no room in time, or can never be.
   */
  async admit(): Promise<() => void> {
    const { perTest } = this.#limits;
    const slots = await this.#inTurn(() => this.#take(perTest));
    return () => this.#giveBack(slots.splice(0));
  }

  /** Takes the slots of the library's own connections, for as long as the session lasts. */
  async admitOwn(): Promise<void> {
    const { total, perTest, own } = this.#limits;
    if (own + perTest > total) throw tooManyConnections(`a process needs ${own + perTest}, and ${total} may be used`);
    await this.#inTurn(() => this.#take(own));
  }

  /** Stops looking whether somebody waits. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopLooking();
    await this.#look;
  }

  /** One after the other, so that whoever asked first is served first. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #take(count: number): Promise<number[]> {
    if (this.#unused.length >= count) return this.#unused.splice(0, count);
    const { total, timeout } = this.#limits;
    const deadline = elapsed() + timeout;
    let slots: number[] | undefined;
    await this.#locks.during(TURN, timeout, async () => {
      for (;;) {
        slots = await this.#tryTake(count);
        if (slots || elapsed() > deadline) return;
        await sleep(POLL_MS);
      }
    });
    if (slots) return slots;
    throw tooManyConnections(
      `none of the ${total} that may be used became free within ${timeout / 1000} s, and ${count} are needed`,
    );
  }

  /** All or nothing: processes that each hold a part would wait for each other. */
  async #tryTake(count: number): Promise<number[] | undefined> {
    const missing = count - this.#unused.length;
    if (missing > 0) this.#unused.push(...(await this.#lockMore(missing)));
    if (this.#unused.length >= count) return this.#unused.splice(0, count);
    this.#unlock(this.#unused.splice(0));
    return undefined;
  }

  async #lockMore(count: number): Promise<number[]> {
    const candidates = Array.from({ length: this.#limits.total }, (_, slot) => slot).filter(
      (slot) => !this.#held.has(slot),
    );
    const start = Math.floor(Math.random() * candidates.length); // processes that start at once ask for different ones
    const order = [...candidates.slice(start), ...candidates.slice(0, start)];
    const locked: number[] = [];
    while (locked.length < count && order.length > 0) {
      const batch = order.splice(0, count - locked.length);
      const got = await this.#locks.tryLocks(batch.map(lockName));
      locked.push(...batch.filter((_, index) => got[index]));
    }
    for (const slot of locked) this.#held.add(slot);
    return locked;
  }

  /** Keeps the slots of one test for the next one, which then need not ask the server, unless somebody waits for some. */
  #giveBack(slots: readonly number[]): void {
    this.#unused.push(...slots.filter((slot) => this.#held.has(slot)));
    this.#unlock(this.#unused.splice(this.#limits.perTest));
    this.#stopLooking();
    if (this.#closed) return;
    const look = () => {
      this.#look ??= this.#letOthersPass()
        .catch(() => undefined) // when the session has been lost, so have the locks
        .finally(() => {
          this.#look = undefined;
        });
    };
    this.#stopLooking = repeat(LOOK_MS, look);
    look();
  }

  async #letOthersPass(): Promise<void> {
    if (this.#unused.length === 0) return this.#stopLooking();
    const nobodyWaits = await this.#locks.during(TURN, 0, async () => undefined);
    if (!nobodyWaits) this.#unlock(this.#unused.splice(0));
  }

  #unlock(slots: readonly number[]): void {
    for (const slot of slots) this.#held.delete(slot);
    // When the session has been lost, so have the locks.
    if (slots.length > 0) this.#locks.unlock(slots.map(lockName)).catch(() => undefined);
  }
}

const POLL_MS = 20;

/** How often a process that has slots and does not use them looks whether somebody waits, in milliseconds. */
const LOOK_MS = 100;

/** The lock of whoever waits for slots. */
const TURN = 'turn';

function lockName(slot: number): string {
  return `slot-${slot}`;
}
