import type { PlantedLeak } from '../catalogue.ts';
import { catalogue } from '../catalogue.ts';
import type { EngineName } from '../support/connect.ts';
import { type Outcome, words } from './outcome.ts';
import type { Result, Way } from './run-leaks.ts';

const HEAD = `# Planted leaks

Made by \`npm run test:leaks\`; do not edit. Each row is a small suite in \`test/leaks/suites/\`: one test makes a mistake, and
another one after it looks at its database, which has to be exactly the template. The same suites run in three set-ups:

- **rollback**: one shared database, a transaction around each test that is rolled back;
- **truncate**: one shared database, whose tables are emptied and filled again before each test;
- **this library**, with its defaults, as root hooks, in one process and in several; where the two differ, the table says so.

What the columns say:

- *isolated*: nothing of it is seen by any other test, and nothing else has to be done about it;
- *reported*: the test that did it fails under its own title, with the kinds of leaks that are named; other tests pass.
  \`foreign-database\` comes with the error code \`DBI_FOREIGN_DATABASE\`, unless the app catches it, the other kinds with \`DBI_LEAK\`; \`exit status\` is
  that of the run, which fails;
- *unnoticed*: nobody says anything, and no other test is harmed in this run;
- *the next test sees it*: its database is not the template;
- *the next test fails for it*: with an error of somebody else's;
- *the test cannot do it*: it fails by itself, although its code would work in production.
`;

const ENGINES: Readonly<Record<EngineName, string>> = { sqlite: 'SQLite', postgres: 'PostgreSQL', mysql: 'MariaDB' };

/** The document, with the sections of the document before it for engines that did not run. */
export function documentOf(results: readonly Result[], before: string): string {
  const sections = Object.entries(ENGINES).map(([engine, name]) => {
    const mine = results.filter((result) => result.engine === engine);
    return mine.length > 0 ? sectionOf(name, mine) : sectionIn(before, name);
  });
  return `${[HEAD, ...sections.filter(Boolean)].join('\n')}`;
}

function sectionOf(name: string, results: readonly Result[]): string {
  const leaks = catalogue.filter((leak) => results.some((result) => result.leak === leak));
  const rows = leaks.map((leak) => {
    const of = (way: Way) => results.find((result) => result.leak === leak && result.way === way);
    return [leakCell(leak), plainCell(of('rollback')), plainCell(of('truncate')), libraryCell(of)];
  });
  const lines = [['leak', 'rollback', 'truncate', 'this library'], ['---', '---', '---', '---'], ...rows];
  return `## ${name}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

function sectionIn(text: string, name: string): string {
  const start = text.indexOf(`## ${name}\n`);
  if (start < 0) return '';
  const end = text.indexOf('\n## ', start);
  return end < 0 ? text.slice(start) : text.slice(start, end + 1);
}

function leakCell({ what, ends }: PlantedLeak): string {
  return ends === 'fails' ? `${what} (Mocha fails it)` : what;
}

function plainCell(result: Result | undefined): string {
  return result ? textOf(result.outcome) : '';
}

function libraryCell(of: (way: Way) => Result | undefined): string {
  const [serial, parallel] = [of('library'), of('library, parallel')].map((result) => {
    return plainCell(result);
  });
  return serial === parallel ? `${serial}` : `${serial}; in parallel: ${parallel}`;
}

function textOf({ what, by, seen }: Outcome): string {
  if (what === 'polluted') return `${words[what]}: ${seen.join(', ')}`;
  return what === 'reported' ? `${words[what]}: ${by.map((kind) => `\`${kind}\``).join(', ')}` : words[what];
}
