import type { Options } from '../options.ts';
import type { CheckResult, EngineResult } from '../run-engine.ts';
import { busyness, machine } from './machine.ts';

/** What is said before anything is done. */
export function heading({ seed, quick }: Options): string {
  const form = quick ? 'quick form' : 'full form';
  return `Scorecard, ${form}, seed ${seed}\n${machine()}, ${busyness()}\n`;
}

/** What was found on one engine: a table, then its figures, what was lost and which goals were missed. */
export function engineResult({ facts, checks }: EngineResult): string {
  const rows = [
    ['check', 'what was done', 'held', 'lost', 'seconds'],
    ...checks.map(({ name, tally, seconds }) => [name, tally.done, tally.held, tally.lost, seconds].map(String)),
  ];
  return [`\n${facts}`, table(rows), ...checks.flatMap(details)].join('\n');
}

/** Text to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}

function details({ name, tally }: CheckResult): string[] {
  const figures = Object.entries(tally.figures).map(([figure, value]) => `  ${name}: ${figure}: ${value}`);
  const losses = tally.losses.map((loss) => `  ${name}: LOST: ${loss}`);
  const more = tally.lost > tally.losses.length ? [`  ${name}: … and ${tally.lost - tally.losses.length} more`] : [];
  return [...figures, ...losses, ...more, ...tally.missed.map((goal) => `  ${name}: goal missed: ${goal}`)];
}
