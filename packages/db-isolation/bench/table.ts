import type { Yardsticks } from './approach.ts';
import type { Size } from './sample-database.ts';
import { milliseconds, summarise } from './statistics.ts';

export function printHead(): void {
  console.log(row('template', 'approach', 'count', 'median', 'p95', 'min', 'max', '/ raw', '/ ours'));
}

export function printRows(
  size: Size,
  durations: ReadonlyMap<string, readonly number[]>,
  yardsticks: (row: string) => Yardsticks,
): void {
  const summaries = new Map([...durations].map(([name, list]) => [name, summarise(list)]));
  const ratio = (median: number, to: string) => {
    const other = summaries.get(to)?.median ?? Number.NaN;
    return (median / other).toPrecision(3);
  };
  for (const [name, { count, median, p95, min, max }] of summaries) {
    const { raw, ours } = yardsticks(name);
    const times = [median, p95, min, max].map(milliseconds);
    console.log(row(size.name, name, String(count), ...times, ratio(median, raw), ratio(median, ours)));
  }
  console.log();
}

function row(template: string, approach: string, ...cells: readonly string[]): string {
  return template.padEnd(9) + approach.padEnd(50) + cells.map((cell) => cell.padStart(9)).join('');
}
