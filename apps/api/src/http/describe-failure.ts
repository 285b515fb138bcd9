import { fileURLToPath } from 'node:url';

/** What the log says of an error. */
export interface FailureDescription {
  readonly type: string;
  /** Of a system or driver error, such as `SQLITE_FULL`. */
  readonly code?: string;
  /** Where in this program it arose, the innermost place first: `updateInvoice model/invoice-store.ts:57`. */
  readonly places: readonly string[];
  readonly cause?: FailureDescription;
}

const SOURCES = fileURLToPath(new URL('..', import.meta.url));
const MOST_PLACES = 8;

/**
 * Says what an operator needs to find an error, and no more: messages of drivers hold SQL with the values of invoices,
 * those of the system hold paths, so messages stay out, as do frames of other people's code.
 */
export function describeFailure(error: unknown): FailureDescription {
  if (!(error instanceof Error)) {
    return { type: typeof error, places: [] };
  }
  return {
    type: error.constructor.name,
    ...('code' in error && { code: String(error.code) }),
    places: placesIn(error.stack ?? ''),
    ...(error.cause !== undefined && { cause: describeFailure(error.cause) }),
  };
}

function placesIn(stack: string): readonly string[] {
  const frames = stack.matchAll(/^ {4}at (?:async )?(?:(.+?) \()?(?:file:\/\/)?(\/[^()]+?):(\d+):\d+\)?$/gm);
  return [...frames]
    .filter(([, , file = '']) => file.startsWith(SOURCES))
    .map(([, name = '', file = '', line]) => `${name} ${file.slice(SOURCES.length)}:${line}`.trim())
    .slice(0, MOST_PLACES);
}
