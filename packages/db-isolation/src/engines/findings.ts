import { elapsed } from '../real-time.ts';
import type { Changes, RowChange, SchemaChange } from './changes.ts';

/** Rows that are shown of one table, and of all tables together. */
const ROWS_OF_TABLE = 5;
const ROWS_IN_ALL = 50;

/** Tables that one sentence names; of others it tells how many there are. */
const NAMES_SHOWN = 5;

/** How many rows of a table differ. */
export interface Counts {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/** Gathers what a comparison finds, as far as people want to read it, and knows when it has to end. */
export class Findings {
  readonly #milliseconds: number;
  readonly #start = elapsed();
  readonly #tables = new Map<string, { inserted: number; updated: number; deleted: number; rows: RowChange[] }>();
  readonly #notCompared = new Set<string>();
  readonly #inPart = new Set<string>();
  readonly #counted = new Set<string>();
  readonly #cut: string[] = [];
  #rows = 0;
  schema: readonly SchemaChange[] = [];

  /** @param milliseconds how long the comparison may take, beginning now. */
  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /** Milliseconds that are left; below 0 when the time is up. */
  get remaining(): number {
    return this.#start + this.#milliseconds - elapsed();
  }

  get isLate(): boolean {
    return this.remaining <= 0;
  }

  /** Adds numbers of rows that differ. */
  count(table: string, { inserted, updated, deleted }: Counts): void {
    if (inserted + updated + deleted === 0) return;
    const found = this.#tables.get(table) ?? { inserted: 0, updated: 0, deleted: 0, rows: [] };
    this.#tables.set(table, found);
    found.inserted += inserted;
    found.updated += updated;
    found.deleted += deleted;
  }

  /** How many more rows of a table are wanted. */
  wanted(table: string): number {
    return Math.min(ROWS_OF_TABLE - (this.#tables.get(table)?.rows.length ?? 0), ROWS_IN_ALL - this.#rows);
  }

  /** Shows one of the rows that have been counted, as long as more are wanted. */
  show(table: string, row: RowChange): void {
    if (this.wanted(table) <= 0) return;
    this.#tables.get(table)?.rows.push(row);
    this.#rows += 1;
  }

  /** Says in one sentence what was left out, other than for want of time. */
  leaveOut(sentence: string): void {
    this.#cut.push(sentence);
  }

  /** The time was up before, or while, the rows of a table were compared, or when they had only been counted. */
  stoppedAt(table: string, state: 'before' | 'within' | 'counted'): void {
    const tables = { before: this.#notCompared, within: this.#inPart, counted: this.#counted };
    tables[state].add(table);
  }

  /** All that was found. */
  get changes(): Changes {
    const parts = [
      sentence(this.#inPart, 'compared only in part'),
      sentence(this.#counted, 'only counted, so that updates do not show'),
      sentence(this.#notCompared, 'not compared'),
    ].filter((part) => part !== undefined);
    return {
      tables: [...this.#tables]
        .map(([table, found]) => ({ table, ...found }))
        .sort((a, b) => (a.table < b.table ? -1 : 1)),
      schema: this.schema,
      cut: [...this.#cut, ...(parts.length > 0 ? [`stopped after ${this.#duration}: ${parts.join('; ')}`] : [])],
    };
  }

  get #duration(): string {
    return this.#milliseconds < 1000 ? `${this.#milliseconds} ms` : `${this.#milliseconds / 1000} s`;
  }
}

function sentence(tables: ReadonlySet<string>, what: string): string | undefined {
  if (tables.size === 0) return undefined;
  const shown = [...tables].slice(0, NAMES_SHOWN);
  const names = tables.size > NAMES_SHOWN ? [...shown, `${tables.size - NAMES_SHOWN} more`] : shown;
  const last = names.pop();
  const list = names.length > 0 ? `${names.join(', ')} and ${last}` : last;
  return tables.size === 1 ? `table ${list} was ${what}` : `tables ${list} were ${what}`;
}
