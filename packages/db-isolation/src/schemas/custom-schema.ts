import type { Schema } from './schema.ts';

/**
 * Fills the template with a function of your own.
 *
 * @param schema.fingerprint text, or a function that makes it, that changes whenever `apply` would build something else.
 * @param schema.apply gets the open client, then `{ execute, url }`.
 * @example
 * customSchema<Knex>({
 *   fingerprint: 'v3',
 *   apply: async (db, { execute }) => {
 *     await execute('create table note (id integer primary key, text text)');
 *     await db('note').insert({ text: 'the first' });
 *   },
 * });
 */
export function customSchema<Db>(schema: {
  readonly fingerprint: string | (() => Promise<string> | string);
  readonly apply: Schema<Db>['apply'];
}): Schema<Db> {
  const { fingerprint } = schema;
  return {
    fingerprint: async () =>
      JSON.stringify(['custom', typeof fingerprint === 'string' ? fingerprint : await fingerprint()]),
    apply: (db, tools) => schema.apply(db, tools),
  };
}
