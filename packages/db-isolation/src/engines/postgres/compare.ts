import { schemaChanges } from '../definitions.ts';
import type { Findings } from '../findings.ts';
import type { AdminConnection } from '../server/dialect.ts';
import { batches, type Chunk, chunkCount, rowsOf } from './chunks.ts';
import { compareRows, rowHash } from './compare-rows.ts';
import { type ComparedTable, readTables } from './compared-tables.ts';
import { readDefinitions } from './definitions.ts';
import { isCancelled, Pair, type Side } from './pair.ts';

/** What was found out about a table so far. */
interface Progress {
  /** Those whose rows are not the same in both databases. */
  readonly unequal: Chunk[];
  /** How many chunks have not been looked at. */
  left: number;
  before: number;
  after: number;
}

/**
 * Compares a database with another one that equals the template. For some thousand neighbouring rows a single number tells
 * whether one of them differs; only where it does, rows are read.
 *
 * @param before the other one. Neither connection is used by anybody else.
 */
export async function compareDatabases(
  before: AdminConnection,
  after: AdminConnection,
  findings: Findings,
): Promise<void> {
  try {
    await compare(new Pair(before, after, findings), findings);
  } catch (error) {
    if (!isCancelled(error)) throw error;
    findings.leaveOut('the time was up before any table was compared');
  }
}

async function compare(pair: Pair, findings: Findings): Promise<void> {
  await pair.prepare();
  findings.schema = schemaChanges(...(await readDefinitions(pair)));
  await leaveOutOthers(pair, findings);
  const tables = await readTables(pair);
  const progress = new Map(
    tables.map((table) => [table, { unequal: [], left: chunkCount(table), before: 0, after: 0 } as Progress]),
  );
  for (const batch of batches(tables)) {
    if ((await lookAt(pair, progress, batch)) === 'late') break;
    for (const table of tablesOf(batch)) {
      const state = progress.get(table);
      if (!state || state.left > 0) continue; // a large one goes on in the next batch
      await finish(pair, table, state, findings);
      progress.delete(table);
    }
  }
  for (const [table, { left }] of progress) {
    if (left > 0) findings.stoppedAt(table.name, left === chunkCount(table) ? 'before' : 'within');
  }
}

/** Finds out which of some chunks are not equal. Tables that cannot be read are named and forgotten. */
async function lookAt(
  pair: Pair,
  progress: Map<ComparedTable, Progress>,
  batch: readonly Chunk[],
): Promise<'done' | 'late'> {
  const chunks = batch.filter(({ table }) => progress.has(table));
  const tables = tablesOf(chunks);
  const outcome = await pair.attempt(tables, () => addSums(pair, progress, chunks));
  if (outcome !== 'failed') return outcome;
  const [only] = tables;
  if (only && tables.length === 1) progress.delete(only);
  for (const table of tables.length > 1 ? tables : []) {
    const own = chunks.filter((chunk) => chunk.table === table);
    if ((await lookAt(pair, progress, own)) === 'late') return 'late';
  }
  return 'done';
}

async function addSums(
  pair: Pair,
  progress: ReadonlyMap<ComparedTable, Progress>,
  chunks: readonly Chunk[],
): Promise<void> {
  const [before, after] = await pair.rows((side) => sumsSql(chunks, side));
  for (const [i, chunk] of chunks.entries()) {
    const [one, other] = [before, after].map((rows) => rows.find((row) => row['chunk'] === i));
    const state = progress.get(chunk.table);
    if (!state) continue;
    state.left -= 1;
    state.before += Number(one?.['rows'] ?? 0);
    state.after += Number(other?.['rows'] ?? 0);
    if (one?.['rows'] !== other?.['rows'] || one?.['sum'] !== other?.['sum']) state.unequal.push(chunk);
  }
}

async function finish(
  pair: Pair,
  table: ComparedTable,
  { unequal, before, after }: Progress,
  findings: Findings,
): Promise<void> {
  if (unequal.length === 0) return;
  const outcome = await pair.attempt([table], () => compareRows(pair, table, unequal, findings));
  if (outcome !== 'late') return;
  findings.count(table.name, {
    inserted: Math.max(0, after - before),
    updated: 0,
    deleted: Math.max(0, before - after),
  });
  findings.stoppedAt(table.name, 'counted');
}

/** Names what holds data that is no row of a table. */
async function leaveOutOthers(pair: Pair, findings: Findings): Promise<void> {
  const rows = await pair.rows(
    () => `select 'large objects' as what where exists (select from pg_largeobject_metadata)
      union all select 'foreign table ' || oid::regclass from pg_class where relkind = 'f'`,
  );
  const what = new Set(rows.flat().map((row) => String(row['what'])));
  if (what.size > 0) findings.leaveOut(`not compared: ${[...what].join(', ')}`);
}

/**
 * The transactions that wrote some rows. A row is never changed in its place: if another one is there, or none, either the
 * number of rows is another one or a later transaction wrote one of them. This costs a fifth of hashing the values.
 */
const AGES = "sum(age(xmin)::bigint - age('3'::xid))";

function sumsSql(batch: readonly Chunk[], side: Side): string | undefined {
  const selects = batch.flatMap((chunk, i) => {
    if (!chunk.part[side]) return [];
    const sum = chunk.part.sameFile ? AGES : `sum(${rowHash(chunk.table.columns.map(({ name }) => name))})`;
    return [`select ${i} as chunk, count(*) as rows, ${sum}::text as sum from ${rowsOf(chunk)}`];
  });
  return selects.length > 0 ? selects.join(' union all ') : undefined;
}

function tablesOf(chunks: readonly Chunk[]): readonly ComparedTable[] {
  return [...new Set(chunks.map(({ table }) => table))];
}
