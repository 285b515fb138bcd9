import { hasCode } from '../errors.ts';
import { elapsed } from '../real-time.ts';

/** A failure that comes sooner costs a run of many tests little, so each of them may try, in milliseconds. */
const SLOW_MS = 500;

/** A slow failure is remembered for as long as it took, times this. */
const FACTOR = 3;

/**
 * Remembers for a while that a server did not answer, so that a run does not wait for it once for each of its tests: at
 * most a quarter of the time goes into waiting.
 */
export class Outage {
  #error: unknown;
  #until = 0;

  /** @throws what `work` throws, or what it has thrown not long ago. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const start = elapsed();
    if (start < this.#until) throw this.#error;
    try {
      return await work();
    } catch (error) {
      const end = elapsed();
      if (hasCode(error, 'DBI_SERVER_UNREACHABLE') && end - start > SLOW_MS) {
        this.#error = error;
        this.#until = end + FACTOR * (end - start);
      }
      throw error;
    }
  }
}
