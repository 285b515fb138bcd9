import { isJsonObject, type JsonObject } from '../json/json.ts';
import type { Place, Reader } from './reader.ts';

/** A key of an object: how its value is read, and what is taken when the key is absent. */
export interface Key<T> {
  readonly reader: Reader<T>;
  readonly absent: { readonly value: T } | 'refused';
}

/** The keys of an object. */
// biome-ignore lint/suspicious/noExplicitAny: each key has a type of its own, which ObjectOf finds again
export type Shape = Readonly<Record<string, Key<any>>>;

/** The type that an object of a shape is read into. */
export type ObjectOf<S extends Shape> = { readonly [K in keyof S]: S[K] extends Key<infer T> ? T : never };

/** A key that must be sent. */
export function required<T>(reader: Reader<T>): Key<T> {
  return { reader, absent: 'refused' };
}

/** A key that may be left out; the fallback is then taken as if it had been read. */
export function optional<T, F>(reader: Reader<T>, fallback: F): Key<T | F> {
  return { reader, absent: { value: fallback } };
}

/** An object of a shape; other keys are refused or ignored. */
export function object<S extends Shape>(shape: S, otherKeys: 'refused' | 'ignored'): Reader<ObjectOf<S>> {
  return (value, place) => {
    if (!isJsonObject(value)) {
      return place.refuse('dict_type', 'not an object', value);
    }
    const result: Record<string, unknown> = {};
    for (const [name, key] of Object.entries(shape)) {
      result[name] = readKey(value, name, key, place.child(name));
    }
    if (otherKeys === 'refused') {
      refuseOtherKeys(value, (name) => Object.hasOwn(shape, name), place);
    }
    return result as ObjectOf<S>;
  };
}

/** Refuses each key of an object that is not known. */
export function refuseOtherKeys(value: JsonObject, isKnown: (name: string) => boolean, place: Place): void {
  for (const name of Object.keys(value)) {
    if (!isKnown(name)) {
      place.child(name).refuse('unknown_key', 'unknown key', value[name]);
    }
  }
}

/** A list of items of one kind, of any length unless a most is given. */
export function list<T>(item: Reader<T>, most = Number.POSITIVE_INFINITY): Reader<T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) {
      return place.refuse('list_type', 'not a list', value);
    }
    if (value.length > most) {
      return place.refuse('list_type', `more than ${most} entries`, null);
    }
    return value.map((entry, index) => item(entry, place.child(index)));
  };
}

/** What a reader reads, or null. */
export function nullable<T>(reader: Reader<T>): Reader<T | null> {
  return (value, place) => (value === null ? null : reader(value, place));
}

function readKey<T>(from: JsonObject, name: string, key: Key<T>, place: Place): T {
  if (Object.hasOwn(from, name)) {
    return key.reader(from[name], place);
  }
  return key.absent === 'refused' ? place.refuse('missing', 'required', null) : key.absent.value;
}
