import library from 'canonicalize';

// Its types describe a module of another form than the one it is: the function itself is what it exports.
const canonicalize = library as unknown as (value: unknown) => string;

/**
 * Writes a value as canonical JSON (RFC 8785): one text for one value, whoever writes it.
 *
 * @throws Error for a number that JSON does not have.
 */
export function canonicalJson(value: unknown): string {
  return canonicalize(value);
}
