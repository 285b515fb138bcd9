/** What is done in a transaction. */
export type Work = (this: unknown, ...args: never[]) => unknown;

/** What better-sqlite3 makes of it: a function for each way to begin, every one of which has all the others. */
export interface Transaction extends Work {
  readonly default: Work;
  readonly deferred: Work;
  readonly immediate: Work;
  readonly exclusive: Work;
  readonly database: unknown;
}

const WAYS = ['default', 'deferred', 'immediate', 'exclusive'] as const;

/** A transaction that asks before it begins, whichever way: its own statements to begin and to end cannot be watched. */
export function refusable(transaction: Transaction, ask: () => void): Transaction {
  const properties: PropertyDescriptorMap = { database: { value: transaction.database, enumerable: true } };
  for (const way of WAYS) {
    const run = transaction[way];
    properties[way] = {
      value(this: unknown, ...args: never[]) {
        ask();
        return run.apply(this, args);
      },
    };
  }
  for (const way of WAYS) Object.defineProperties(properties[way]?.value, properties);
  return properties['default']?.value;
}
