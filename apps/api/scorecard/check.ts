import type { Dialect } from '../src/db/database-url.ts';
import type { HttpClient } from './support/http-client.ts';
import type { Place } from './support/place.ts';
import type { Random } from './support/random.ts';
import type { Scope } from './support/scope.ts';
import type { Tally } from './support/tally.ts';

/** One check of the scorecard. */
export interface Check {
  readonly name: string;
  /** Whether it measures speed, which the quick form leaves out. */
  readonly measures: boolean;
  /** Does it on one engine, and counts what was held and lost; throws only where it cannot go on. */
  run(arena: Arena, tally: Tally): Promise<void>;
}

/** What a check is given on one engine. */
export interface Arena {
  readonly engine: Dialect;
  /** Choices that are the same for the same seed, engine and check. */
  readonly random: Random;
  /** A count of the issue; about a tenth of it in the quick form. */
  readonly count: (full: number) => number;
  /** How long memory is watched. */
  readonly minutes: number;
  /** The directory of the service's build. */
  readonly build: string;
  /** Closed after the check. */
  readonly scope: Scope;
  /** An empty database of its own, and a directory for documents. */
  place(): Promise<Place>;
  client(): Promise<HttpClient>;
}
