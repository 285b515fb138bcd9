import { RangeNotSatisfiableError } from '../http/http-errors.ts';

/** A part of a document: its first and its last byte. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const SINGLE = /^bytes=(?:([0-9]+)-([0-9]*)|-([0-9]+))$/i;

/**
 * The part that a `Range` header asks for (RFC 9110, 14.1.2); undefined for the whole: that is sent for several ranges,
 * and for what is none.
 *
 * @throws RangeNotSatisfiableError when no byte of it is there.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | undefined {
  const [range, from, to = '', suffix] = SINGLE.exec(header?.trim() ?? '') ?? [];
  if (range === undefined || (to !== '' && Number(to) < Number(from))) {
    return undefined;
  }
  const first = from === undefined ? Math.max(0, size - Number(suffix)) : Number(from);
  if (first >= size) {
    throw new RangeNotSatisfiableError(size);
  }
  return { first, last: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
}
