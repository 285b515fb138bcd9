import type { z } from 'zod';
import { type Problem, type ProblemType, ValidationError } from '../errors.ts';

/** Keys and indexes that lead to a value. */
export type Path = Problem['path'];

/** How many problems of a request are listed; a body of a megabyte can have half a million. */
export const MOST_PROBLEMS = 100;

/** Collects the problems of one part of a request, so that one reply lists them all. */
export class Problems {
  readonly #source: Problem['source'];
  readonly #found: Problem[] = [];

  constructor(source: Problem['source']) {
    this.#source = source;
  }

  /** Notes a problem; messages call the value by the last key of its path unless it has another name. */
  add(type: ProblemType, path: Path, text: string, input: unknown, name?: string): void {
    if (this.#found.length < MOST_PROBLEMS) {
      this.#found.push({ type, source: this.#source, path, name: name ?? lastKey(path) ?? this.#source, text, input });
    }
  }

  /** Reads the value at a path. What is returned for one with problems is never used, because they will be thrown. */
  read<S extends z.ZodType>(schema: S, value: unknown, path: Path = [], name?: string): z.output<S> {
    const { data, error } = schema.safeParse(value);
    for (const issue of error?.issues.slice(0, MOST_PROBLEMS) ?? []) {
      for (const { type, at, text, input } of problemsOf(issue, value)) {
        this.add(type, [...path, ...at], text, input, name);
      }
    }
    return data as z.output<S>;
  }

  /** @throws ValidationError when there are problems. */
  throwIfAny(): void {
    if (this.#found.length > 0) {
      throw new ValidationError(this.#found);
    }
  }
}

/**
 * Reads one part of a request by its schema.
 *
 * @throws ValidationError listing what is wrong with it.
 */
export function parse<S extends z.ZodType>(source: Problem['source'], schema: S, value: unknown): z.output<S> {
  const problems = new Problems(source);
  const data = problems.read(schema, value);
  problems.throwIfAny();
  return data;
}

interface Finding {
  readonly type: ProblemType;
  readonly at: Path;
  readonly text: string;
  readonly input: unknown;
}

/** What an issue of zod means here; custom ones say it themselves (values.ts, shapes.ts). */
function problemsOf(issue: z.core.$ZodIssue, root: unknown): Finding[] {
  const at = issue.path as Path;
  const input = valueAt(root, at);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, MOST_PROBLEMS)
      .map((key) => ({ type: 'unknown_key', at: [...at, key], text: 'unknown key', input: valueAt(input, [key]) }));
  }
  if (input === undefined) {
    return [{ type: 'missing', at, text: 'required', input: null }];
  }
  return [{ ...meaningOf(issue, input), at }];
}

function meaningOf(issue: z.core.$ZodIssue, input: unknown): Omit<Finding, 'at'> {
  if (issue.code === 'custom' && issue.params !== undefined) {
    const { problem, shown = input } = issue.params;
    return { type: problem as ProblemType, text: issue.message, input: shown };
  }
  if (issue.code === 'invalid_value' && typeof input === 'string') {
    return { type: 'string_invalid', text: `not one of ${issue.values.join(', ')}`, input };
  }
  if (issue.code === 'too_big') {
    return { type: 'list_type', text: `more than ${issue.maximum} entries`, input: null };
  }
  const [type, text] = WRONG_TYPES[issue.code === 'invalid_type' ? issue.expected : 'string'] ?? WRONG_TYPES.string;
  return { type, text, input };
}

const WRONG_TYPES: Readonly<Record<string, readonly [ProblemType, string]>> & {
  string: readonly [ProblemType, string];
} = {
  string: ['string_type', 'not a text'],
  boolean: ['bool_type', 'not true or false'],
  array: ['list_type', 'not a list'],
};

function lastKey(path: Path): string | undefined {
  return path.findLast((step) => typeof step === 'string');
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | undefined)?.[step], root);
}
