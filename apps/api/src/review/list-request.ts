import { type Place, read } from '../http/reader.ts';
import type { ListRequest } from './list-invoices.ts';

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;
const MAX_SKIP = 1_000_000_000;

/** Reads the query of the list; keys that it does not know are ignored. */
export function listRequest(query: Readonly<Record<string, unknown>>): ListRequest {
  return read('query', (place) => ({
    limit: readCount(query['limit'], { fallback: DEFAULT_LIMIT, least: 1, most: MAX_LIMIT }, place.child('limit')),
    skip: readCount(query['skip'], { fallback: 0, least: 0, most: MAX_SKIP }, place.child('skip')),
    status: readStatus(query['status'], place.child('status')),
  }));
}

function readCount(value: unknown, range: { fallback: number; least: number; most: number }, place: Place): number {
  if (value === undefined) {
    return range.fallback;
  }
  if (typeof value !== 'string' || !/^(?:0|-?[1-9][0-9]*)$/.test(value)) {
    return place.refuse('int_parsing', 'not an integer', value);
  }
  const count = Number(value);
  if (count < range.least) {
    return place.refuse('greater_than_equal', `less than ${range.least}`, value);
  }
  return count > range.most ? place.refuse('less_than_equal', `more than ${range.most}`, value) : count;
}

function readStatus(value: unknown, place: Place): string {
  return value === undefined || typeof value === 'string'
    ? (value ?? '')
    : place.refuse('string_type', 'given more than once', value);
}
