// npm run bench [-- --rounds 0.2]: what a fresh database costs a test, by three ways and three template sizes, measured side by side.
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { arch, cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Approach, openApproaches } from './approaches.ts';
import type { Size } from './sample-database.ts';
import { milliseconds, type Summary, shuffle, summarise } from './statistics.ts';

const TMPFS = 0x01021994;

const SIZES: readonly (Size & { readonly rounds: number; readonly migrations: number })[] = [
  { name: 'small', rows: 100, rounds: 500, migrations: 100 },
  { name: 'medium', rows: 100_000, rounds: 60, migrations: 12 },
  { name: 'large', rows: 1_000_000, rounds: 12, migrations: 3 },
];

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '1' } } });
const factor = Number(values.rounds);

const base = process.env['DB_ISOLATION_DIR'] ?? (isTmpfs('/dev/shm') ? '/dev/shm' : tmpdir());
const directory = mkdtempSync(join(base, 'db-isolation-bench-'));
process.env['DB_ISOLATION_DIR'] = directory;

console.log(
  `${type()} ${release()} ${arch()}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}, ` +
    `${Math.round(totalmem() / 2 ** 30)} GiB; Node ${process.versions.node}; files on ${isTmpfs(base) ? 'tmpfs' : 'a disk'}`,
);
console.log(
  'Times in ms. Ratios are of medians: to the raw copy with or without a query, and how many times faster than migrating.\n',
);
console.log(row('template', 'approach', 'rounds', 'median', 'p95', 'min', 'max', '/ raw', 'faster'));
try {
  for (const size of SIZES) await benchmark(size);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** All approaches in turn, in a new order each round, so that a change of the machine's speed meets all of them. */
async function benchmark(size: (typeof SIZES)[number]): Promise<void> {
  const { approaches, close } = await openApproaches(size, directory);
  const durations = new Map<Approach, number[]>(approaches.map((approach) => [approach, []]));
  const rounds = Math.max(3, Math.round(size.rounds * factor));
  const migrateEvery = Math.ceil(rounds / Math.max(3, Math.round(size.migrations * factor)));
  for (let round = -3; round < rounds; round += 1) {
    for (const approach of shuffle(approaches)) {
      const migrates = approach === approaches[0];
      if (migrates && (round < 0 || round % migrateEvery !== 0)) continue;
      const started = performance.now();
      await approach.round();
      if (round >= 0) durations.get(approach)?.push(performance.now() - started); // the first rounds warm up
    }
  }
  await close();
  print(size, new Map([...durations].map(([approach, list]) => [approach.name, summarise(list)])));
}

function print(size: Size, summaries: ReadonlyMap<string, Summary>): void {
  const migrate = summaries.get('migrate and seed')?.median ?? Number.NaN;
  for (const [name, { count, median, p95, min, max }] of summaries) {
    const raw = summaries.get(name.includes('query') ? 'raw copy, one query' : 'raw copy')?.median ?? Number.NaN;
    console.log(
      row(
        size.name,
        name,
        String(count),
        ...[median, p95, min, max].map(milliseconds),
        (median / raw).toFixed(2),
        `${(migrate / median).toFixed(1)} x`,
      ),
    );
  }
  console.log();
}

function row(template: string, approach: string, ...cells: readonly string[]): string {
  return template.padEnd(9) + approach.padEnd(31) + cells.map((cell) => cell.padStart(9)).join('');
}

function isTmpfs(path: string): boolean {
  try {
    return statfsSync(path).type === TMPFS;
  } catch {
    return false;
  }
}
