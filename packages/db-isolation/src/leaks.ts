import { invalidOption } from './errors.ts';

/** What a test can leave behind. The README's table of leaks is kept equal to this list by a test. */
export const leakKinds = {
  'open-transaction': 'a transaction was neither committed nor rolled back',
  'unreleased-connection': 'a connection was taken from the pool and not given back',
  'running-query': 'a statement was still running',
  'open-cursor': 'a cursor or an iterator was not closed',
  listener: 'a connection still listened for notifications',
  'advisory-lock': 'a connection still held an advisory lock',
  'temporary-table': 'a connection went back to the pool with a temporary table',
  'attached-database': 'a connection had another database attached',
  'open-connection': 'a connection that the app or another process had opened itself was not closed',
  'server-setting': 'a statement changed what all databases of the server share',
  'foreign-database': 'a database was opened that is not the running test’s',
  'late-use': 'code of a test that had ended used its database',
  'late-error': 'code of a test that had ended threw an error',
  'unhandled-rejection': 'a promise was rejected and nobody handled it',
  exit: 'the process was ended in the middle of the test',
} as const;

/** One of the kinds in {@link leakKinds}, such as `open-transaction`. */
export type LeakKind = keyof typeof leakKinds;

/** Something that a test left behind, or did that it must not do. */
export interface Leak {
  readonly kind: LeakKind;
  /** What it did, for people, without the test's name: `it left a transaction open, which was rolled back`. */
  readonly message: string;
  /** The statement that did it or came last, where known; at most 500 characters. */
  readonly sql?: string;
  /** Where in the code of the app or the test, such as `src/notes.ts:12:5 (addNote)`, where known. */
  readonly place?: string;
}

/** What a leak does to its test. */
export type LeakReaction = 'fail' | 'warn' | 'ignore';

/** One reaction for all kinds, or one for some kinds; the others fail. */
export type LeakReactions = LeakReaction | { readonly [kind in LeakKind]?: LeakReaction };

const REACTIONS: readonly LeakReaction[] = ['fail', 'warn', 'ignore'];

/**
 * How to react to each kind.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 */
export function reactionTo(reactions: LeakReactions = 'fail'): (kind: LeakKind) => LeakReaction {
  if (typeof reactions !== 'object' || reactions === null) {
    assertReaction('leaks', reactions);
    return () => reactions;
  }
  for (const [kind, reaction] of Object.entries(reactions)) {
    if (!Object.hasOwn(leakKinds, kind)) {
      throw invalidOption('a key of leaks', kind, `one of ${Object.keys(leakKinds).join(', ')}`);
    }
    assertReaction(`leaks['${kind}']`, reaction);
  }
  return (kind) => reactions[kind] ?? 'fail';
}

function assertReaction(name: string, value: unknown): void {
  if (REACTIONS.some((reaction) => reaction === value)) return;
  throw invalidOption(name, value, `one of ${REACTIONS.map((reaction) => `'${reaction}'`).join(', ')}`);
}

/** A leak on one line or several, as a failure or a warning shows it. */
export function describeLeak({ kind, message, sql, place }: Leak): string {
  const details = [sql && `  statement: ${sql}`, place && `  at ${place}`].filter(Boolean);
  return [`${message} [${kind}]`, ...details].join('\n');
}
