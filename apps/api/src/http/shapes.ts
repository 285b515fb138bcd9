import { z } from 'zod';
import type { ProblemType } from '../errors.ts';
import { isJsonObject, type JsonValue } from '../json/json.ts';
import { isStorableText } from '../text.ts';
import { MOST_PROBLEMS } from './problems.ts';
import { jsonObject } from './values.ts';

/** Lists up to this length are read only once. */
const SHORT_LIST = 1_000;

/** An object of these keys; others are refused. `problem` is what a value that is no object is refused for. */
export function strictObject<S extends z.ZodRawShape>(shape: S, problem?: ProblemType) {
  return z.preprocess(onlyObjects(problem), z.strictObject(shape));
}

/** An object of these keys; others are ignored. */
export function openObject<S extends z.ZodRawShape>(shape: S) {
  return z.preprocess(onlyObjects(), z.object(shape));
}

/** A list of items of one kind. */
export function list<T>(item: z.ZodType<T>) {
  return z.preprocess((sent) => (Array.isArray(sent) ? withoutNeedlessProblems(sent, item) : sent), z.array(item));
}

/** Values by name; the names are whatever the sender calls them. Not z.record, which drops the name `__proto__`. */
export function namedValues<T>(item: z.ZodType<T>, longestName: number) {
  const named = jsonObject.transform((sent, context): ReadonlyMap<string, T> => {
    const refuse = (name: string, issue: object) => context.addIssue({ code: 'custom', ...issue, path: [name] });
    const values = new Map<string, T>();
    for (const [name, each] of Object.entries(sent)) {
      checkName(name, longestName, refuse);
      const { data, error } = item.safeParse(each);
      context.issues.push(...prefixed(error?.issues ?? [], name));
      values.set(name, data as T);
      if (context.issues.length >= MOST_PROBLEMS) {
        break;
      }
    }
    return values;
  });
  return named.meta({ type: 'object', additionalProperties: item.meta() ?? {} });
}

/** zod itself would take a number for an object, because its digits are kept in one. */
function onlyObjects(problem: ProblemType = 'dict_type') {
  const message = problem === 'address_type' ? 'not an address object' : 'not an object';
  return (sent: unknown, context: z.RefinementCtx): JsonValue => {
    if (!isJsonObject(sent)) {
      context.addIssue({ code: 'custom', message, params: { problem } });
      return z.NEVER;
    }
    return sent;
  };
}

/** A long list up to where as many items are wrong as are ever listed; each of half a million costs its time. */
function withoutNeedlessProblems(items: readonly unknown[], item: z.ZodType): readonly unknown[] {
  if (items.length <= SHORT_LIST) {
    return items;
  }
  let wrong = 0;
  const last = items.findIndex((each) => {
    wrong += item.safeParse(each).success ? 0 : 1;
    return wrong === MOST_PROBLEMS;
  });
  return last === -1 ? items : items.slice(0, last + 1);
}

function prefixed(issues: readonly z.core.$ZodIssue[], name: string): z.core.$ZodRawIssue[] {
  return issues.map((issue) => ({ ...issue, path: [name, ...issue.path] }) as z.core.$ZodRawIssue);
}

function checkName(name: string, longest: number, refuse: (name: string, issue: object) => void): void {
  if (name.length > longest) {
    const params = { problem: 'string_too_long', shown: name };
    refuse(name, { message: `name longer than ${longest} characters`, params });
  } else if (name === '' || !isStorableText(name)) {
    const params = { problem: 'string_invalid', shown: name };
    refuse(name, { message: 'name is empty or has characters that cannot be kept', params });
  }
}
