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
  if (typeof value !== 'object' || value === null) {
    return JSON.stringify(value) ?? 'null';
  }
  if (value instanceof JsonNumber) {
    return value.digits;
  }
  return Array.isArray(value) ? writeArray(value) : writeObject(value as Readonly<Record<string, unknown>>);
}

// Plain loops: every reply goes through them, and lists of pairs for each object would take three times as long.
function writeArray(items: readonly unknown[]): string {
  let text = '';
  for (const item of items) {
    text += text === '' ? writeJson(item) : `,${writeJson(item)}`;
  }
  return `[${text}]`;
}

function writeObject(object: Readonly<Record<string, unknown>>): string {
  let text = '';
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value !== undefined) {
      text += `${text === '' ? '' : ','}${writeKey(key)}${writeJson(value)}`;
    }
  }
  return `{${text}}`;
}

/** Keys as they are written, with their colon: nearly all keys of replies are names of the service's own. */
const WRITTEN_KEYS = new Map<string, string>();
/** Callers may name as many keys as they like; the first ones that come are kept. */
const MOST_KEYS = 1_000;

function writeKey(key: string): string {
  const known = WRITTEN_KEYS.get(key);
  if (known !== undefined) {
    return known;
  }
  const text = `${JSON.stringify(key)}:`;
  if (WRITTEN_KEYS.size < MOST_KEYS) {
    WRITTEN_KEYS.set(key, text);
  }
  return text;
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
