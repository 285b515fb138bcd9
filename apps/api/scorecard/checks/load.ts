import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDatabase } from '../../src/db/create-database.ts';
import { Service } from '../../test/support/service.ts';
import type { Arena, Check } from '../check.ts';
import { BULK_INVOICES, bulkId } from '../load/bulk-ids.ts';
import { addBulkInvoices } from '../load/bulk-invoices.ts';
import { startLoadProcess } from '../load/load-process.ts';
import type { Measured, Statement, Task } from '../load/messages.ts';
import { median } from '../load/statistics.ts';
import { READ_TARGETS, statementsOf } from '../load/targets.ts';
import type { Place } from '../support/place.ts';
import type { Tally } from '../support/tally.ts';

const ROUNDS = 5;
const SECONDS = 3;
const CONNECTIONS = 10;
const LEAST_OF_CONSTANT = 0.5;
const MOST_COMMITS = 2.5;
const MOST_P99 = 10;

/** What requests cost, beside a constant reply of the same app and beside the bare database, in turns. */
export const load: Check = { name: 'load', measures: true, run };

async function run(arena: Arena, tally: Tally): Promise<void> {
  const { place, origin } = await preparePlace(arena);
  const constants = await startConstants(arena, place, origin);
  const tasks = await tasksOn(place.databaseUrl, origin, constants, arena.engine);
  const process = await startLoadProcess(arena.scope);
  const measured = new Map<string, Measured[]>(Object.keys(tasks).map((name) => [name, []]));
  // In each round everything once, so that whatever else the machine does meets all alike.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, task] of Object.entries(tasks)) {
      const result = await process.measure({ ...task, seconds: round === 0 ? 1 : SECONDS });
      tally.expect(result.failures === 0, `${name}: ${result.failures} requests failed`);
      if (round > 0) {
        measured.get(name)?.push(result); // the first round warms up
      }
    }
  }
  tally.done = `${READ_TARGETS.length} reads among ${BULK_INVOICES} invoices and validate, ${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections`;
  report(measured, tally);
}

async function preparePlace(arena: Arena): Promise<{ place: Place; origin: string }> {
  const place = await arena.place();
  const { url: origin } = await place.start();
  const db = createDatabase({ url: place.databaseUrl });
  try {
    await addBulkInvoices(db, await arena.client(), origin);
    await db.schema.createTable('scorecard_commits', (table) => {
      table.integer('id').primary();
      table.integer('number').notNullable();
    });
    await db('scorecard_commits').insert(Array.from({ length: CONNECTIONS }, (_, id) => ({ id, number: 0 })));
    await db.raw(ANALYZE[arena.engine]);
    return { place, origin };
  } finally {
    await db.destroy();
  }
}

/** So many rows at once are known to the planner only when it is told, or a while later. */
const ANALYZE = { sqlite: 'ANALYZE', postgres: 'ANALYZE', mysql: 'ANALYZE TABLE invoices, line_items' };

/** Each read's reply, byte for byte, from an app like the service's own. */
async function startConstants(arena: Arena, place: Place, origin: string): Promise<string> {
  const client = await arena.client();
  const replies: Record<string, string> = {};
  for (const [index, { path }] of READ_TARGETS.entries()) {
    const { bytes } = await client.get(origin, path.replace('{n}', bulkId(4711)));
    replies[index] = bytes.toString('utf8');
  }
  const file = join(place.directory, 'replies.json');
  await writeFile(file, JSON.stringify(replies));
  const program = ['--import', 'tsx', 'apps/api/scorecard/load/constant-server.ts', arena.build, file];
  const service = new Service({ DATABASE_URL: place.databaseUrl }, [], program);
  await arena.scope.add(() => service.stop('SIGKILL'));
  return service.url();
}

async function tasksOn(
  databaseUrl: string,
  origin: string,
  constants: string,
  engine: Arena['engine'],
): Promise<Record<string, Task>> {
  const http = { connections: CONNECTIONS, seconds: SECONDS };
  // SQLite's driver runs one statement at a time whatever its number of connections.
  const bare = { databaseUrl, connections: engine === 'sqlite' ? 1 : CONNECTIONS, seconds: SECONDS };
  const tasks: Record<string, Task> = {};
  for (const [index, { name, path, read }] of READ_TARGETS.entries()) {
    tasks[name] = { kind: 'read', origin, path, ...http };
    tasks[`${name}: constant`] = { kind: 'read', origin: constants, path: `/constant/${index}`, ...http };
    tasks[`${name}: bare`] = { kind: 'bare-query', statements: await statementsOf(databaseUrl, read), ...bare };
  }
  const commit: Statement = { sql: 'UPDATE scorecard_commits SET number = number + 1 WHERE id = 1', bindings: [] };
  tasks['validate, one after another'] = { kind: 'review', origin, path: '', ...http, connections: 1 };
  tasks['commit, one after another'] = { kind: 'bare-commit', statements: [commit], ...bare, connections: 1 };
  tasks['validate'] = { kind: 'review', origin, path: '', ...http };
  return tasks;
}

/** Medians of the rounds with their least and most, and the goals. */
function report(measured: ReadonlyMap<string, readonly Measured[]>, tally: Tally): void {
  for (const [name, rounds] of measured) {
    const rates = rounds.map(({ rate }) => rate);
    const p99 = median(rounds.map((round) => round.p99));
    const middle = median(rounds.map((round) => round.median));
    tally.figures[name] = `${spread(rates, 0)} a second, median ${middle.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
    const isHttp = !/bare|commit|constant/.test(name);
    goal(tally, !isHttp || p99 <= MOST_P99 * middle, `${name}: p99 is ${(p99 / middle).toFixed(1)} times the median`);
  }
  const ratios = (one: string, other: string) =>
    (measured.get(one) ?? []).map(({ rate }, round) => rate / (measured.get(other)?.[round]?.rate ?? Number.NaN));
  for (const { name } of READ_TARGETS) {
    const toConstant = ratios(name, `${name}: constant`);
    tally.figures[`${name} / constant`] = spread(toConstant, 2);
    tally.figures[`${name} / bare`] = spread(ratios(name, `${name}: bare`), 2);
    const reached = median(toConstant) >= LEAST_OF_CONSTANT;
    goal(tally, reached, `${name} is ${median(toConstant).toFixed(2)} of the constant, at least ${LEAST_OF_CONSTANT}`);
  }
  const commits = ratios('commit, one after another', 'validate, one after another');
  tally.figures['durable commits that a validate costs'] = spread(commits, 2);
  const reached = median(commits) <= MOST_COMMITS;
  goal(tally, reached, `a validate costs ${median(commits).toFixed(2)} durable commits, at most ${MOST_COMMITS}`);
}

function goal(tally: Tally, reached: boolean, words: string): void {
  if (!reached) {
    tally.missed.push(words);
  }
}

function spread(values: readonly number[], digits: number): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}
