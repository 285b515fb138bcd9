import { variableOverridden } from '../errors.ts';

const KEY = Symbol.for('@acme/db-isolation/variables');

/** The variables that lead to a test's database at this moment; shared by all copies of this package. */
function overridden(): Set<string> {
  const shared = globalThis as { [KEY]?: Set<string> };
  shared[KEY] ??= new Set();
  return shared[KEY];
}

/**
 * Sets environment variables of this process, or removes those without a value.
 *
 * @returns what puts them back as they were; idempotent.
 * @throws {IsolationError} `DBI_ALREADY_OVERRIDDEN` when one of them is set for another database; then none is set.
 */
export function setVariables(values: readonly (readonly [name: string, value: string | undefined])[]): () => void {
  const names = overridden();
  const taken = values.find(([name]) => names.has(name));
  if (taken) throw variableOverridden(taken[0]);

  const before = values.map(([name]) => [name, process.env[name]] as const);
  for (const [name] of values) names.add(name);
  set(values);
  let isSet = true;
  return () => {
    if (!isSet) return;
    isSet = false;
    set(before);
    for (const [name] of values) names.delete(name);
  };
}

function set(values: readonly (readonly [string, string | undefined])[]): void {
  for (const [name, value] of values) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
