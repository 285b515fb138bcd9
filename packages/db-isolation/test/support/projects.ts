import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from './workspace.ts';

/**
 * A project whose migration leaves a trace outside the database each time it runs. With `STALL` in the environment it
 * says "building" and then waits for ever.
 */
export function projectThatCountsBuilds(workspace: Workspace): { readonly path: string; builds(): number } {
  const log = join(workspace.path, 'builds.log');
  appendFileSync(log, '');
  const path = workspace.write('project', {
    'migrations/1.mjs': `
      import { appendFileSync } from 'node:fs';
      export async function up(knex) {
        await knex.schema.createTable('note', (table) => { table.increments(); table.text('text'); });
        await knex('note').insert({ text: 'first' });
        appendFileSync(${JSON.stringify(log)}, 'built\\n');
        if (process.env.STALL) {
          process.stdout.write('building\\n');
          await new Promise(() => setInterval(() => undefined, 1e6));
        }
        await knex('note').insert({ text: 'second' });
      }
      export async function down() {}`,
  });
  return { path, builds: () => readFileSync(log, 'utf8').split('\n').length - 1 };
}
