import type { Knex } from 'knex';
import { db } from './current.ts';
import { engine } from './environment.ts';
import { differences } from './template.ts';

/** Fails when the running test's database is not exactly the template. */
export async function expectTemplate(handle: Knex = db()): Promise<void> {
  const found = await differences(handle, engine);
  if (found.size === 0) return;
  const details = [...found].map(([name, text]) => `${name}: ${text}`);
  polluted([...found.keys()].join(', '), details.join('\n'));
}

/** Fails when there are other notes than those of the template and these. */
export async function expectNotes(...own: readonly string[]): Promise<void> {
  const texts = await db()('note').orderBy('id').pluck('text');
  const expected = JSON.stringify(['template', ...own]);
  if (JSON.stringify(texts) !== expected) polluted('notes', `${JSON.stringify(texts)} instead of ${expected}`);
}

/** Fails with what the test sees of another one, in a word or two; details come on lines of their own. */
export function polluted(what: string, details = ''): never {
  throw new Error(`polluted: ${what}\n${details}`);
}

/** Fails when something is otherwise than it would be in production. */
export function expectAsInProduction(holds: boolean, what: string): void {
  if (!holds) throw new Error(`differs: ${what}`);
}

/** Whether it failed. */
export async function fails(work: PromiseLike<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch {
    return true;
  }
}
