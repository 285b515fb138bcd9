import { Command, InvalidArgumentError, Option } from 'commander';
import { CHECKS } from './checks.ts';

/** What the scorecard is told on its command line. */
export interface Options {
  readonly engine: readonly string[] | undefined;
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly seed: string;
  readonly minutes: number;
  readonly json: string | undefined;
}

const NAMES = CHECKS.map(({ name }) => name);

/** Reads the command line; ends the program where it cannot be understood. */
export function readOptions(args: readonly string[]): Options {
  const command = new Command('npm run scorecard --')
    .description('Runs the service as processes, on every engine that is there, and says what was held and lost.')
    .addOption(
      new Option('--engine <names>', 'sqlite, postgres, mysql').argParser(listOf(['sqlite', 'postgres', 'mysql'])),
    )
    .addOption(new Option('--only <checks>', NAMES.join(', ')).argParser(listOf(NAMES)).default(NAMES, 'all'))
    .option('--quick', 'about a tenth of each count, and nothing that measures speed', false)
    .option('--seed <text>', 'repeats the random choices of a run', String(Date.now()))
    .option('--minutes <number>', 'how long memory is watched', minutes, 10)
    .option('--json <file>', 'also writes the results there');
  return command.parse(args, { from: 'user' }).opts();
}

function listOf(known: readonly string[]): (text: string) => string[] {
  return (text) => {
    const names = text.split(',').map((name) => name.trim());
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw new InvalidArgumentError(`There is no ${unknown}.`);
    }
    return names;
  };
}

function minutes(text: string): number {
  const number = Number(text);
  if (!(number > 0)) {
    throw new InvalidArgumentError('It must be a number above 0.');
  }
  return number;
}
