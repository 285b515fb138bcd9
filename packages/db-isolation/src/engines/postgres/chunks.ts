import type { ComparedTable, Part } from './compared-tables.ts';

/** Blocks of one chunk: some thousand rows, which are all read when one of them differs. */
const CHUNK_BLOCKS = 64;

/** Chunks that one statement reads: some 16 MiB. */
const CHUNKS_AT_ONCE = 32;

/** A range of blocks of a table's file. An untouched row lies in the same block in a database and in its template. */
export interface Chunk {
  readonly table: ComparedTable;
  readonly part: Part;
  readonly from: number;
  /** The first block after it; undefined for the last chunk of a file. */
  readonly to: number | undefined;
}

/** All chunks of some tables, so many together as one statement should read. */
export function* batches(tables: Iterable<ComparedTable>): Generator<readonly Chunk[]> {
  let batch: Chunk[] = [];
  for (const table of tables) {
    for (const chunk of chunksOf(table)) {
      batch.push(chunk);
      if (batch.length < CHUNKS_AT_ONCE) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** How many chunks a table has. */
export function chunkCount({ parts }: ComparedTable): number {
  return parts.reduce((sum, { blocks }) => sum + Math.ceil(blocks / CHUNK_BLOCKS), 0);
}

/** Splits chunks among statements. */
export function inBatches(chunks: readonly Chunk[]): readonly (readonly Chunk[])[] {
  const count = Math.ceil(chunks.length / CHUNKS_AT_ONCE);
  return Array.from({ length: count }, (_, i) => chunks.slice(i * CHUNKS_AT_ONCE, (i + 1) * CHUNKS_AT_ONCE));
}

/** The rows of a chunk, as a statement reads them. */
export function rowsOf({ part, from, to }: Chunk): string {
  return `only ${part.sql} where ctid >= '(${from},0)'${to === undefined ? '' : ` and ctid < '(${to},0)'`}`;
}

function* chunksOf(table: ComparedTable): Generator<Chunk> {
  for (const part of table.parts) {
    for (let from = 0; from < part.blocks; from += CHUNK_BLOCKS) {
      const to = from + CHUNK_BLOCKS;
      yield { table, part, from, to: to < part.blocks ? to : undefined };
    }
  }
}
