import { parse } from 'lossless-json';

/** A JSON number, kept as the digits that were written. */
export class JsonNumber {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

/** A JSON value whose numbers keep their digits. */
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

/** A JSON object whose numbers keep their digits. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** How deep arrays and objects may be nested; keeps every walk through a value clear of the stack's end. */
const MAX_JSON_DEPTH = 500;

/**
 * Reads JSON text without changing any number.
 *
 * @throws SyntaxError when the text is not JSON, names a key of an object twice with different values, or is nested
 * deeper than MAX_JSON_DEPTH.
 */
export function readJson(text: string): JsonValue {
  refuseDeepNesting(text);
  return parse(text, undefined, { parseNumber: (digits) => new JsonNumber(digits) }) as JsonValue;
}

/**
 * Writes a value as JSON text; numbers come out by their digits, keys without a value are left out.
 *
 * JSON.stringify cannot do it: it has no way to write a number that is not a binary float.
 */
export function writeJson(value: unknown): string {
  if (value instanceof JsonNumber) {
    return value.digits;
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => writeJson(item)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${writeJson(item)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** Whether a JSON value is an object: no array, no number, not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

function refuseDeepNesting(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === '\\') {
        index += 1;
      } else if (character === '"') {
        inString = false;
      }
    } else if (character === '"') {
      inString = true;
    } else if (character === '[' || character === '{') {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) {
        throw new SyntaxError(`JSON nested deeper than ${MAX_JSON_DEPTH} levels`);
      }
    } else if (character === ']' || character === '}') {
      depth -= 1;
    }
  }
}
