import type { Size } from './sample-database.ts';

/** Notes how long something took, under the name of a row of the table, in milliseconds. */
export type Note = (row: string, duration: number) => void;

/** One way for a test to get a fresh database and to get rid of it. */
export interface Approach {
  /** Takes so long that it takes part in fewer rounds. */
  readonly slow?: boolean;
  /** One round. What it leaves under way it waits for, outside what it notes. */
  round(note: Note): Promise<void>;
}

/** What rows are compared with, by the name of a row. */
export interface Yardsticks {
  /** The least that the same thing can take without this library. */
  readonly raw: string;
  readonly ours: string;
}

/** All approaches for one template size. */
export interface OpenApproaches {
  readonly approaches: readonly Approach[];
  yardsticks(row: string): Yardsticks;
  close(): Promise<void>;
}

/** One kind of database, ready to be measured. */
export interface BenchmarkedEngine {
  /** What it is, and the settings on which its times depend. */
  readonly facts: string;
  /** How many rounds: of all approaches, and of the slow ones. */
  readonly rounds: Readonly<Record<Size['name'], { readonly all: number; readonly slow: number }>>;
  open(size: Size): Promise<OpenApproaches>;
  /** Removes everything that was made. */
  close(): Promise<void>;
}

/** An approach whose whole round is one row. */
export function whole(row: string, round: () => Promise<void>, slow = false): Approach {
  return { slow, round: async (note) => note(row, await time(round)) };
}

/** How long something takes, in milliseconds. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
