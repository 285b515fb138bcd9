// npm run bench [-- --engine postgres --template medium --rounds 0.2]: what a fresh database costs a test, beside the least
// that it can cost and what else a team can do, measured side by side. Both names may be given several times; default: all.
import { parseArgs } from 'node:util';
import { ENGINES, type EngineName } from './engines/engines.ts';
import { machine } from './machine.ts';
import { measure } from './measure.ts';
import { SIZES } from './sample-database.ts';
import { printHead, printRows } from './table.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', multiple: true, default: Object.keys(ENGINES) },
    template: { type: 'string', multiple: true, default: SIZES.map(({ name }) => name) },
    rounds: { type: 'string', default: '1' },
  },
});
const factor = Number(values.rounds);
for (const name of values.engine) if (!(name in ENGINES)) throw new Error(`--engine ${name}: there is no such engine`);

// Everything that was made is removed, which takes a moment.
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

console.log(machine());
console.log(
  'Times in ms. Ratios are of medians: to the least that it can take without this library, and to this library.\n',
);
try {
  for (const name of values.engine) await benchmark(name as EngineName);
} catch (error) {
  if (!stop.signal.aborted) throw error;
  process.exitCode = 130;
}

async function benchmark(name: EngineName): Promise<void> {
  const engine = await ENGINES[name]();
  if (typeof engine === 'string') return console.log(`${name}: not measured. ${engine}\n`);
  try {
    console.log(`${name}: ${engine.facts}\n`);
    printHead();
    for (const size of SIZES.filter((one) => values.template.includes(one.name))) {
      const { approaches, yardsticks, close } = await engine.open(size);
      const { all, slow } = engine.rounds[size.name];
      const rounds = { all: Math.max(3, Math.round(all * factor)), slow: Math.max(1, Math.round(slow * factor)) };
      try {
        printRows(size, await measure(approaches, rounds, stop.signal), yardsticks);
      } finally {
        await close();
      }
    }
  } finally {
    await engine.close();
  }
}
