import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Changes } from '../engines/changes.ts';
import { invalidOption, messageOf } from '../errors.ts';
import type { LeakKind, LeakReaction } from '../leaks.ts';
import { now } from '../real-time.ts';
import { maskSecrets } from './mask-secrets.ts';

/** A test failed. */
interface FailureEvent {
  /** The test's full title. */
  readonly test: string;
  readonly message: string;
  /** Left out when nothing could be compared, and where a line would become too long. */
  readonly changes?: Changes;
}

/** A test left something behind. */
interface LeakEvent {
  readonly test: string;
  readonly kind: LeakKind;
  readonly message: string;
  readonly sql?: string;
  readonly place?: string;
  readonly reaction: LeakReaction;
}

/** The database of a test was kept. */
interface KeptEvent {
  readonly test: string;
  readonly url: string;
  /** A command line that opens it. */
  readonly command: string;
}

/** A process has run its tests. */
interface SummaryEvent {
  readonly tests: number;
  readonly failed: number;
  /** How many leaks of each kind there were. */
  readonly leaks: { readonly [kind in LeakKind]?: number };
  /** How many databases were kept. */
  readonly kept: number;
}

/** One line of the file, as JSON. */
type ReportLine = { readonly time: string; readonly pid: number } & (
  | ({ readonly event: 'failure' } & FailureEvent)
  | ({ readonly event: 'leak' } & LeakEvent)
  | ({ readonly event: 'kept' } & KeptEvent)
  | ({ readonly event: 'summary' } & SummaryEvent)
);

/** Writes what happened for a CI system to store. Without a file it does nothing. */
export interface ReportFile {
  failure(event: FailureEvent): void;
  leak(event: LeakEvent): void;
  kept(event: KeptEvent): void;
  summary(event: SummaryEvent): void;
}

const VARIABLE = 'DB_ISOLATION_REPORT';

/** The longest line, in bytes with its end. */
const MOST_BYTES = 65_536;

/** How long a text is left when a line is too long, in characters. */
const MOST_CHARACTERS = 2_000;

/**
 * The file to which all processes of a run append one JSON object a line. Passwords of URLs are masked.
 *
 * @param file relative to the working directory. Default: `DB_ISOLATION_REPORT`.
 * @throws {IsolationError} `DBI_INVALID_OPTION` when it cannot be written or its directory does not exist.
 */
export function reportFile(file = process.env[VARIABLE]): ReportFile {
  const path = file ? resolve(file) : undefined;
  if (path !== undefined) assertWritable(path);
  const write = (event: ReportLine['event']) => (details: object) => {
    if (path !== undefined)
      append(path, lineOf({ time: new Date(now()).toISOString(), pid: process.pid, event, ...details }));
  };
  return { failure: write('failure'), leak: write('leak'), kept: write('kept'), summary: write('summary') };
}

function assertWritable(path: string): void {
  const expected = 'a file that can be written, in a directory that exists';
  if (!statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory()) throw invalidOption(VARIABLE, path, expected);
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    throw invalidOption(VARIABLE, path, `${expected} (${messageOf(error)})`);
  }
}

/** One write a line, at the end of the file wherever that is by then: so lines of several processes never mix. */
function append(path: string, line: string): void {
  const descriptor = openSync(path, 'a');
  try {
    writeSync(descriptor, line);
  } finally {
    closeSync(descriptor);
  }
}

function lineOf(line: object): string {
  const whole = format(line);
  if (Buffer.byteLength(whole) <= MOST_BYTES) return whole;
  const { changes, ...others } = line as { changes?: Changes };
  const shorter = format(others);
  if (Buffer.byteLength(shorter) <= MOST_BYTES) return shorter;
  return format(others, (text) => (text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`));
}

function format(line: object, shorten = (text: string) => text): string {
  const readable = (_key: string, value: unknown) => (typeof value === 'string' ? shorten(maskSecrets(value)) : value);
  return `${JSON.stringify(line, readable)}\n`;
}
