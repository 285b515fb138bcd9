import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Origin, originsOfAsyncWork } from './origins.ts';

/** Where in the code of the app or the test something was done: formats what was remembered, which takes a moment. */
export type Place = () => string | undefined;

/** Whether the user wants to know every place, at whatever cost. */
export const TRACING = process.env['DB_ISOLATION_TRACE'] === '1';

/** Frames that are looked at: drivers and query builders put some twenty of their own on top of the app's. */
const DEPTH = 50;

/** The directory of this package's code, whose frames nobody is interested in. */
const OWN = fileURLToPath(new URL('.', import.meta.url));

/** Finds where the code that is running now was started from; undefined unless it is wanted, since it costs a lot. */
const origin: (() => Origin | undefined) | undefined = TRACING ? originsOfAsyncWork(capture) : undefined;

/**
 * Remembers where the caller is, which costs microseconds; the answer formats it, which costs more: the first line of
 * code that is neither Node's, nor in `node_modules`, nor this package's, such as `src/notes.ts:12:5 (addNote)`;
 * undefined where there is none. Paths below the working directory are relative to it. With `DB_ISOLATION_TRACE=1` it
 * also knows what started the timer, the promise or whatever else the caller runs in.
 */
export function placeOfCaller(): Place {
  const here = capture(placeOfCaller);
  const from = origin?.();
  return () => {
    for (let step: Origin | undefined = { stack: here, from }; step; step = step.from) {
      const place = firstOfApp(step.stack());
      if (place !== undefined) return place;
    }
    return undefined;
  };
}

/** The first frame of a stack that belongs to the app or its tests. */
export function firstOfApp(stack: string): string | undefined {
  for (const line of stack.split('\n')) {
    const frame = /^\s+at (?:async )?(?:(.*) \()?((?:file:\/\/|\/|[A-Za-z]:\\).*:\d+:\d+)\)?$/.exec(line);
    if (!frame) continue;
    const [, name, where = ''] = frame;
    const path = where.startsWith('file:') ? fileURLToPath(where) : where;
    if (path.includes(`${sep}node_modules${sep}`) || path.startsWith(OWN)) continue;
    const shown = path.startsWith(process.cwd() + sep) ? path.slice(process.cwd().length + 1) : path;
    return name ? `${shown} (${name})` : shown;
  }
  return undefined;
}

/** A stack without the frames of this package, which say nothing to whoever reads the failure of a test. */
export function withoutOwnFrames(stack: string): string {
  const isOwn = (line: string) => /^\s+at /.test(line) && line.includes(OWN);
  return stack
    .split('\n')
    .filter((line) => !isOwn(line))
    .join('\n');
}

/** The stack above a function, which is formatted when it is asked for. */
function capture(above: unknown): () => string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = DEPTH;
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, above as () => void);
  Error.stackTraceLimit = stackTraceLimit;
  return () => here.stack ?? '';
}
