import { leakKinds } from '../../../src/leaks.ts';
import { catalogue, type Expected, type PlantedLeak } from '../catalogue.ts';
import type { Event, Run } from './mocha.ts';

/** What came of a leak, in one set-up. */
export interface Outcome {
  readonly what: What;
  /** The kinds of leaks or the codes that were reported under the title of the test that did it. */
  readonly by: readonly string[];
  /** What other tests see of it, such as `notes`. */
  readonly seen: readonly string[];
  /** For people, on a line or more. */
  readonly detail: string;
}

/** In the words of the table. */
export const words = {
  isolated: 'isolated',
  reported: 'reported',
  unnoticed: 'unnoticed',
  polluted: 'the next test sees it',
  'production changed': 'production is changed',
  blamed: 'the next test fails for it',
  differs: 'the test sees something else than in production',
  fails: 'the test cannot do it',
  lingers: 'the process does not end',
  hangs: 'the run hangs',
  dies: 'the run ends in the middle',
} as const;

type What = keyof typeof words;

/** Whether this is what has to come of it. */
export function isAsExpected({ what, by }: Outcome, expected: Expected): boolean {
  if (expected === 'isolated') return what === 'isolated';
  return what === 'reported' && by.length === expected.length && expected.every((kind) => by.includes(kind));
}

/**
 * What came of a leak in a run that may have had other suites as well.
 *
 * @param production how the production database has changed.
 */
export function outcomeOf(leak: PlantedLeak, run: Run, production: string, expected: Expected): Outcome {
  const failures = run.events.filter(({ event }) => event === 'failed');
  const own = failures.filter((failure) => isOwn(failure, leak));
  const others = failures.filter((failure) => failure.title.startsWith(`${leak.name} `) && !isOwn(failure, leak));
  const late = lateReports(failures, leak);
  const by = [...new Set([...own.map(messageOf), ...late.own].flatMap(kindsIn))].sort();
  const is = (what: What, ...lines: readonly string[]): Outcome => ({ what, by, seen: [], detail: lines.join('\n') });

  const all = failures.map(({ title, message }) => `${title}: ${message}`);
  if (run.killed && !run.finished) return is('hangs', ...all, run.output);
  if (!run.finished) return is('dies', ...all, run.output);
  const polluted = [...others, ...own].filter((failure) => messageOf(failure).startsWith('polluted:'));
  if (polluted.length > 0) {
    const seen = new Set(
      polluted.flatMap((failure) => /^polluted: (.*)/.exec(messageOf(failure))?.[1]?.split(', ') ?? []),
    );
    return { ...is('polluted', ...polluted.map(textOf)), seen: [...seen].sort() };
  }
  if (production !== '') return is('production changed', production, ...all);
  if (others.length > 0 || late.others.length > 0) return is('blamed', ...others.map(textOf), ...late.others);
  if (!run.events.some((event) => isOther(event, leak))) return is('blamed', 'no other test has run', ...all);
  if (run.killed) return is('lingers', ...all);
  if (own.some((failure) => messageOf(failure).startsWith('differs:'))) return is('differs', ...own.map(messageOf));
  if (by.length > 0) return is('reported', ...own.map(textOf), ...late.own);
  if (own.length > 0 && leak.ends !== 'fails') return is('fails', ...own.map(textOf));
  return is(expected === 'isolated' ? 'isolated' : 'unnoticed', ...own.map(textOf));
}

/** The same for a suite that ends its process, with the run after it. */
export function outcomeOfDeath(
  leak: PlantedLeak,
  first: Run,
  next: Run,
  production: string,
  expected: Expected,
): Outcome {
  const after = outcomeOf(leak, next, production, 'isolated');
  if (after.what !== 'isolated' || expected === 'isolated') return after;
  const detail = `exit status ${first.code}\n${first.output}`;
  if (first.code === 0) return { what: 'unnoticed', by: [], seen: [], detail };
  return { what: 'reported', by: ['exit status'], seen: [], detail };
}

/** Failures of the test itself, or of a hook for it. */
function isOwn({ title }: Event, { name }: PlantedLeak): boolean {
  return title.startsWith(`${name} plants`) || (isOfRoot(title) && title.includes(' for "plants'));
}

function isOther({ event, title }: Event, { name }: PlantedLeak): boolean {
  return event !== 'end' && title.startsWith(`${name} `) && !title.startsWith(`${name} plants`);
}

function isOfRoot(title: string): boolean {
  return !NAMES.some((name) => title.startsWith(`${name} `));
}

/** What failures of root hooks say about tests of the suite, each from its title on. */
function lateReports(failures: readonly Event[], leak: PlantedLeak): { own: string[]; others: string[] } {
  const messages = failures.filter(({ title }) => isOfRoot(title) && !title.includes(' for "plants')).map(messageOf);
  const parts = messages.flatMap((message) => message.split(TITLE));
  const known = parts.filter((part) => part.startsWith(`"${leak.name} `));
  // Hooks and imports belong to no test; a hook that fails has been named by Mocha.
  const unknown = messages.filter(
    (message) => message.search(TITLE) < 0 && !message.includes('"outside of all tests"'),
  );
  return {
    own: known.filter((part) => part.startsWith(`"${leak.name} plants`)),
    others: [...known.filter((part) => !part.startsWith(`"${leak.name} plants`)), ...unknown],
  };
}

const NAMES = [...catalogue.map(({ name }) => name), 'innocent'];

/** Where the title of a test begins. */
const TITLE = new RegExp(`(?="(?:${NAMES.join('|')}) )`);

/** Errors that are one of the kinds. */
const CODES: Readonly<Record<string, string>> = {
  DBI_FOREIGN_DATABASE: 'foreign-database',
  DBI_STALE_LEASE: 'late-use',
};

function kindsIn(text: string): readonly string[] {
  const found = [...text.matchAll(/\[([a-z-]+|DBI_[A-Z_]+)\]/g)].map(([, word = '']) => CODES[word] ?? word);
  const known = found.filter((word) => Object.hasOwn(leakKinds, word));
  return known.length > 0 ? known : found.filter((word) => word.startsWith('DBI_'));
}

function messageOf({ message = '' }: Event): string {
  return message;
}

function textOf(event: Event): string {
  return `${event.title}: ${messageOf(event)}`;
}
