// Runs suites, prints what they print, and a table at the end.
import { modes, runMocha } from './mocha-suites.mjs';

/**
 * Runs suites, `atOnce` of them at the same moment; what each prints appears when it has ended. Sets the exit code.
 * Answers one row of the table for each, in their order.
 *
 * @param runs `{ suite, mode }` each.
 */
export async function runSuites(runs, { atOnce, args, env }) {
  const rows = [];
  const queue = [...runs.entries()];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) rows[next[0]] = await runSuite(next[1], args, env);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return rows;
}

/** What {@link runSuites} takes for one suite: a run in each mode that it has files for. */
export function runsOf(suite) {
  return Object.keys(suite.files).map((mode) => ({ suite, mode }));
}

/** The table of counts, then what failed once more, so that a log that keeps only its end still says it. */
export function printResults(rows) {
  printTable(rows);
  for (const { suite, engine, mode, failures } of rows) {
    if (failures) console.log(`\n=== what failed: ${suite} on ${engine}, ${mode}\n${failures}`);
  }
}

/** Numbers to the right, text to the left. */
function printTable(rows) {
  const columns = ['suite', 'engine', 'mode', 'passing', 'pending', 'failing', 'seconds'];
  const lines = [Object.fromEntries(columns.map((column) => [column, column])), ...rows];
  const widths = columns.map((column) => Math.max(...lines.map((line) => String(line[column]).length)));
  const cell = (line, column, index) => {
    const text = String(line[column]);
    return Number.isNaN(Number(rows[0][column])) ? text.padEnd(widths[index]) : text.padStart(widths[index]);
  };
  for (const line of lines) console.log(columns.map((column, index) => cell(line, column, index)).join('  '));
}

/** With one digit after the point. */
export function secondsSince(start) {
  return ((performance.now() - start) / 1000).toFixed(1);
}

async function runSuite({ suite, mode }, args, env) {
  const start = performance.now();
  console.log(`running ${suite.name} on ${suite.engine}, ${mode} …`);
  const options = [...suite.args, ...modes[mode], ...args, ...suite.files[mode]];
  const { code, output, failures, ...counts } = await runMocha(options, { ...env, ...suite.env });
  console.log(`\n=== ${suite.name} on ${suite.engine}, ${mode}\n${output}`);
  if (code !== 0) process.exitCode = 1;
  return { suite: suite.name, engine: suite.engine, mode, ...counts, failures, seconds: secondsSince(start) };
}
