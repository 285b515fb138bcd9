import type { Clone } from '../engines/engine.ts';

/** No more clones than this are ready at the same moment. */
const MAX_READY = 6;

/** After so many tests in a row that left a clone unused, one fewer is kept ready. */
const PLENTY = 30;

/** When so many databases wait to be dropped, a release waits as well: they would fill the server's disk. */
const MAX_DROPPING = 6;

/**
 * Clones that are made before a test asks for them, and dropped after it has gone on. How many follows demand: one more
 * whenever a test had to wait, one fewer when some were never needed.
 */
export class ClonePool {
  readonly #make: () => Promise<Clone>;
  readonly #ahead: boolean;
  readonly #ready: Clone[] = [];
  readonly #waiting: { resolve(clone: Clone): void; reject(error: unknown): void }[] = [];
  readonly #making = new Set<Promise<void>>();
  readonly #dropping = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  /** How many clones are on their way; {@link #making} has some of them a moment longer. */
  #coming = 0;
  #wanted = 0;
  #plenty = 0;

  /** @param options.ahead is false for an engine that does nothing in the background; then this only passes calls on. */
  constructor(make: () => Promise<Clone>, { ahead }: { readonly ahead: boolean }) {
    this.#make = make;
    this.#ahead = ahead;
  }

  /** A database that nobody has used. */
  take(): Promise<Clone> {
    if (!this.#ahead) return this.#make();
    const clone = this.#ready.shift();
    this.#followDemand(clone !== undefined);
    const taken = clone ?? new Promise<Clone>((resolve, reject) => void this.#waiting.push({ resolve, reject }));
    this.#fill();
    return Promise.resolve(taken);
  }

  /** Drops a database that nobody uses any more; most often the caller does not wait for it. */
  async discard(clone: Clone): Promise<void> {
    if (!this.#ahead) {
      await clone.drop();
      return;
    }
    this.#drop(clone);
    while (this.#dropping.size > MAX_DROPPING) await Promise.race(this.#dropping);
  }

  /**
   * Drops what is ready and waits for everything that is under way. A later {@link take} works as the first one did.
   *
   * @throws what went wrong in the background since the last time.
   */
  async settle(): Promise<void> {
    this.#wanted = 0;
    this.#plenty = 0;
    while (this.#making.size > 0) await Promise.all(this.#making);
    for (const clone of this.#ready.splice(0)) this.#drop(clone);
    while (this.#dropping.size > 0) await Promise.all(this.#dropping);
    const failures = this.#failures.splice(0);
    if (failures.length > 0) throw new AggregateError(failures, 'Some databases could not be dropped');
  }

  #followDemand(wasReady: boolean): void {
    if (!wasReady) {
      this.#wanted = Math.min(MAX_READY, this.#wanted + 1);
      this.#plenty = 0;
    } else if (this.#ready.length === 0) {
      this.#plenty = 0;
    } else {
      this.#plenty += 1;
      if (this.#plenty < PLENTY || this.#wanted === 1) return;
      this.#wanted -= 1;
      this.#plenty = 0;
    }
  }

  /** What is made ahead would only hold up a clone that somebody waits for, so it comes after. */
  #fill(): void {
    while (this.#coming < (this.#waiting.length || this.#wanted - this.#ready.length)) {
      this.#coming += 1;
      const made = this.#makeOne().finally(() => this.#making.delete(made));
      this.#making.add(made);
    }
  }

  async #makeOne(): Promise<void> {
    try {
      const clone = await this.#make();
      this.#coming -= 1;
      const next = this.#waiting.shift();
      if (next) next.resolve(clone);
      else this.#ready.push(clone);
      this.#fill();
    } catch (error) {
      this.#coming -= 1;
      // Whoever waits gets another one as long as enough are coming. If nobody waits, the next test will find out.
      if (this.#waiting.length > this.#coming) this.#waiting.shift()?.reject(error);
    }
  }

  #drop(clone: Clone): void {
    const dropped = (async () => clone.drop())()
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#dropping.delete(dropped));
    this.#dropping.add(dropped);
  }
}
