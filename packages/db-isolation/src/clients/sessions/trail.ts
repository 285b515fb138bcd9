import type { Leak, LeakKind } from '../../leaks.ts';
import { type Place, placeOfCaller, TRACING } from '../../place.ts';

/** A statement that may leave something behind, and where it was sent. */
export interface Step {
  /** At most {@link SQL_LENGTH} characters, without the values that were bound to it. */
  readonly sql: string;
  readonly place: Place;
}

/** How much of a statement is looked at and shown; what it does is said at its beginning. */
const SQL_LENGTH = 500;

/** Of one kind and one connection; a test that does more of it is reported for the last ones. */
const STEPS_KEPT = 20;

/** What may leave something behind, in the words of all databases: one test for each statement, so that it costs little. */
const MATTERS =
  /\b(?:begin|start\s+transaction|autocommit|declare|listen|attach|temp(?:orary)?|alter\s+system|(?:create|alter|drop|rename)\s+(?:or\s+replace\s+)?(?:role|user|group|tablespace|database|schema|server)|grant|revoke|set\s+(?:global|persist(?:_only)?))\b|@@(?:global|persist)|advisory|get_lock/i;

/** What each kind of leak begins with. */
const BEGINNINGS = {
  'open-transaction': /\b(?:begin|start\s+transaction|autocommit)\b/i,
  'open-cursor': /\bdeclare\b/i,
  listener: /\blisten\b/i,
  'advisory-lock': /advisory\w*lock|get_lock/i,
  'temporary-table': /\btemp(?:orary)?\b/i,
  'attached-database': /\battach\b/i,
  'server-setting':
    /\b(?:alter\s+system|(?:create|alter|drop|rename)\s+(?:or\s+replace\s+)?(?:role|user|group|tablespace|database|schema|server)|grant|revoke|set\s+(?:global|persist(?:_only)?))\b|@@(?:global|persist)/i,
} satisfies Partial<Record<LeakKind, RegExp>>;

/** A kind of leak that begins with a statement. */
export type Beginning = keyof typeof BEGINNINGS;

/** For what nobody will ask about. */
export const NOWHERE: Place = () => undefined;

/** What is known of one connection's past, for those who ask how it came to be as it is. */
export class Trail {
  /** What has changed what all databases of the server share. */
  readonly settings: Step[] = [];
  readonly #watching: boolean;
  readonly #steps = new Map<Beginning, Step[]>();
  #taken: Place = NOWHERE;
  #last: Step | undefined;

  /** @param watching false for a connection of the library's own, whose statements are nobody's leak. */
  constructor(watching = true) {
    this.#watching = watching;
  }

  /** The connection was given to somebody, or a transaction on it. */
  taken(place: Place): void {
    this.#taken = place;
    this.#last = undefined;
  }

  /** A statement is being sent. */
  sent(text: unknown): void {
    if (!this.#watching || typeof text !== 'string') return;
    const sql = text.length > SQL_LENGTH ? text.slice(0, SQL_LENGTH) : text;
    const matters = MATTERS.test(sql);
    const sender = matters || TRACING ? placeOfCaller() : NOWHERE;
    const taken = this.#taken;
    const step = { sql, place: () => sender() ?? taken() };
    this.#last = step;
    if (matters) this.#remember(step);
  }

  /** What was sent until now is nobody's leak. */
  forget(): void {
    this.#steps.clear();
    this.#last = undefined;
  }

  /** The statements that may have begun a leak of this kind, oldest first. */
  steps(kind: Beginning): readonly Step[] {
    return this.#steps.get(kind) ?? [];
  }

  /** A statement has changed what all databases of the server share. */
  changed(sql: string): void {
    this.settings.push(this.stepOf('server-setting', sql));
  }

  /** The step that sent this statement. */
  stepOf(kind: Beginning, sql = ''): Step {
    const text = sql.slice(0, SQL_LENGTH);
    return this.steps(kind).find((step) => step.sql === text) ?? { sql: text, place: this.#taken };
  }

  /** Something left behind by the statement that began it, or else by the last one. */
  leak(kind: Beginning, message: string, step = this.steps(kind).at(-1) ?? this.#last): Leak {
    return leakAt(kind, message, step?.place ?? this.#taken, step?.sql);
  }

  /** A transaction: what was last done in it says most about it, and where it began is what has to be mended. */
  openTransaction(): Leak {
    const began = this.steps('open-transaction').at(-1);
    const sql = (this.#last ?? began)?.sql;
    const message = 'it left a transaction open, which was rolled back';
    return leakAt('open-transaction', message, began?.place ?? this.#taken, sql);
  }

  /** Something for which the connection was taken. */
  leakOfTaker(kind: LeakKind, message: string, sql = this.#last?.sql): Leak {
    const { place } = this.#last ?? { place: this.#taken };
    return leakAt(kind, message, () => this.#taken() ?? place(), sql);
  }

  /** A statement that is being run. */
  running(kind: LeakKind, message: string, sql: string | undefined): Leak {
    return leakAt(kind, message, this.#last?.place ?? this.#taken, sql ?? this.#last?.sql);
  }

  #remember(step: Step): void {
    for (const kind of Object.keys(BEGINNINGS) as Beginning[]) {
      if (!BEGINNINGS[kind].test(step.sql)) continue;
      const steps = this.#steps.get(kind) ?? [];
      if (steps.length >= STEPS_KEPT) steps.shift();
      this.#steps.set(kind, steps);
      steps.push(step);
    }
  }
}

/** A leak with its place, or with the way to find it. */
export function leakAt(kind: LeakKind, message: string, findPlace: Place, sql: string | undefined): Leak {
  const place = findPlace();
  const how = place === undefined && !TRACING ? '; run again with DB_ISOLATION_TRACE=1 to see where' : '';
  return {
    kind,
    message: message + how,
    ...(sql === undefined ? {} : { sql: sql.slice(0, SQL_LENGTH) }),
    ...(place === undefined ? {} : { place }),
  };
}
