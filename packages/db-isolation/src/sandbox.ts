/**
 * What the environment for Jest hands over to test files. Each of them runs in a sandbox: with a copy of `process` that
 * hears of nothing, timers that may be fake, and a copy of this package of its own; but with the very modules of Node
 * that the next file gets too.
 */
export interface Sandbox {
  /** The global object of the process itself. */
  readonly outside: typeof globalThis;
  /** What the process itself has loaded, by file: native modules are never loaded twice. */
  readonly modules: NodeJS.Dict<NodeJS.Module>;
  /** Hear of what jest-circus does, which waits for each of them. */
  readonly listeners: Set<(event: never, state: never) => Promise<void> | void>;
  /** jest-circus's own state, from its first event on. */
  readonly state: () => unknown;
  /** Called once when the last test of the file is over, one after another. */
  readonly ends: Set<() => Promise<void> | void>;
  /** Called after that: put back what was replaced in Node's own modules. */
  readonly undos: Set<() => void>;
}

/** A registered symbol: the environment is not loaded where the tests are. */
export const SANDBOX: unique symbol = Symbol.for('@acme/db-isolation/sandbox') as never;

/** The sandbox in which this code runs; undefined where it runs in none, or in one that nobody has prepared. */
export const sandbox = (globalThis as { readonly [SANDBOX]?: Sandbox })[SANDBOX];

/** The global object of the process itself, wherever this code runs. */
export const outside = sandbox?.outside ?? globalThis;

/** Has something done when the sandbox ends; nothing for code that lives as long as its process. */
export function atEndOfSandbox(end: () => Promise<void> | void): void {
  sandbox?.ends.add(end);
}

/**
 * Has a change of Node's own modules undone when the sandbox ends, or else each file would add its own to those of the
 * files before it. Elsewhere such changes last as long as the process.
 */
export function undoAtEndOfSandbox(undo: () => void): void {
  sandbox?.undos.add(undo);
}

/**
 * Replaces a method of one of Node's own objects, in a sandbox for as long as that lasts. It is left alone at the end if
 * somebody else has replaced it meanwhile.
 */
export function replace<Key extends string, Method>(owner: { [key in Key]: Method }, key: Key, method: Method): void {
  const original = owner[key];
  owner[key] = method;
  undoAtEndOfSandbox(() => {
    if (owner[key] === method) owner[key] = original;
  });
}
