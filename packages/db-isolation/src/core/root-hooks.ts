/** What became of the root hooks that were made in this process. */
interface RootHooks {
  made: boolean;
  ran: boolean;
}

const KEY = Symbol.for('@acme/db-isolation/root-hooks');

/**
 * Shared by all isolations of the process and by all copies of this package: a file that `--import` has loaded may be
 * loaded a second time by the tests, and then the isolation that they ask is not the one that the hooks were made for.
 */
export function rootHooks(): RootHooks {
  const shared = globalThis as { [KEY]?: RootHooks };
  shared[KEY] ??= { made: false, ran: false };
  return shared[KEY];
}
