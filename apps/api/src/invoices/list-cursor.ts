import { createHash } from 'node:crypto';
import { ValidationError } from '../errors.ts';
import { isStorableText } from '../text.ts';
import type { ListRequest } from './list-request.ts';

/** Where a page of the list ends: the value that its last invoice is ordered by, and its id. */
export interface Place {
  readonly key: string | null;
  readonly id: string;
}

/** A text that leads to what comes after a place, in a list of this order and these filters. */
export function writeCursor(request: ListRequest, { key, id }: Place): string {
  return Buffer.from(JSON.stringify([fingerprint(request), key, id])).toString('base64url');
}

/**
 * The place that the request's cursor leads to; undefined when it has none.
 *
 * @throws ValidationError when it was not made by `writeCursor`, or for another order or other filters.
 */
export function readCursor(request: ListRequest): Place | undefined {
  if (request.cursor === undefined) {
    return undefined;
  }
  const [made, key, id] = decoded(request.cursor);
  if (!isPlaceText(id) || !(key === null || isPlaceText(key))) {
    throw refusal(request.cursor, 'not a cursor of this list');
  }
  if (made !== fingerprint(request)) {
    throw refusal(request.cursor, 'made for another order or other filters');
  }
  return { key, id };
}

/** Of all that decides which invoices come in which order; how many of them does not. */
function fingerprint({ cursor, limit, ...list }: ListRequest): string {
  const given = Object.entries(list).filter(([, value]) => value !== undefined);
  return createHash('sha256').update(JSON.stringify(given.sort())).digest('base64url').slice(0, 16);
}

function decoded(cursor: string): unknown[] {
  try {
    const value = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) && value.length === 3 ? value : [];
  } catch {
    return [];
  }
}

/** It goes to the database, to be compared. */
function isPlaceText(value: unknown): value is string {
  return typeof value === 'string' && isStorableText(value);
}

function refusal(input: string, text: string): ValidationError {
  return new ValidationError([
    { type: 'string_invalid', source: 'query', path: ['cursor'], name: 'cursor', text, input },
  ]);
}
