import { type Problem, type ProblemType, ValidationError } from '../errors.ts';
import type { JsonValue } from '../json/json.ts';

/**
 * Reads one untrusted value into its type. What is wrong with it is told to the place, so that one pass lists every
 * problem; the value returned then is never used, because `read` throws.
 */
export type Reader<T> = (value: JsonValue | undefined, place: Place) => T;

/** Where in a request a value stands, and who is told about its problems. */
export class Place {
  readonly #source: Problem['source'];
  readonly #path: readonly (string | number)[];
  readonly #problems: Problem[];
  readonly #name: string | undefined;

  constructor(
    source: Problem['source'],
    problems: Problem[],
    path: readonly (string | number)[] = [],
    name: string | undefined = undefined,
  ) {
    this.#source = source;
    this.#problems = problems;
    this.#path = path;
    this.#name = name;
  }

  /** The place of a key or an item of the value here. */
  child(key: string | number): Place {
    return new Place(this.#source, this.#problems, [...this.#path, key], this.#name);
  }

  /** The same place, where messages call the value, and all in it, by a name of their own. */
  named(name: string): Place {
    return new Place(this.#source, this.#problems, this.#path, name);
  }

  /** Notes a problem; the value returned stands in for the one that could not be read. */
  refuse<T>(type: ProblemType, text: string, input: unknown): T {
    const { source, path, name } = { source: this.#source, path: this.#path, name: this.#label() };
    this.#problems.push({ type, source, path, name, text, input: input === undefined ? null : input });
    return undefined as T;
  }

  #label(): string {
    return this.#name ?? this.#path.findLast((step) => typeof step === 'string') ?? this.#source;
  }
}

/**
 * Runs a reading that may find problems.
 *
 * @throws ValidationError listing every problem that was found.
 */
export function read<T>(source: Problem['source'], reading: (place: Place) => T): T {
  const problems: Problem[] = [];
  const value = reading(new Place(source, problems));
  if (problems.length > 0) {
    throw new ValidationError(problems);
  }
  return value;
}
