import { guardState } from './state.ts';

/** Runs something that opens one of the library's own connections, to whatever it wants; only its synchronous part counts. */
export function unguarded<T>(work: () => T): T {
  return during('trusted', work);
}

/**
 * Runs something in which the library's client opens connections for the app, as far as it does so synchronously: they are
 * guarded like any others, but the client closes them itself.
 */
export function claiming<T>(work: () => T): T {
  return during('claiming', work);
}

/**
 * Says that a connection belongs to the library's client, which closes it itself: the socket, or the handle of
 * better-sqlite3.
 */
export function claim(connection: object): void {
  const { claimed } = guardState();
  claimed.add(connection);
  // better-sqlite3 hides what it has opened behind a symbol that it does not export.
  for (const symbol of Object.getOwnPropertySymbols(connection)) {
    const hidden: unknown = Reflect.get(connection, symbol);
    if (typeof hidden === 'object' && hidden !== null) claimed.add(hidden);
  }
}

function during<T>(scope: 'trusted' | 'claiming', work: () => T): T {
  const state = guardState();
  state[scope] += 1;
  try {
    return work();
  } finally {
    state[scope] -= 1;
  }
}
