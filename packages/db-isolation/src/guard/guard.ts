import { dirname } from 'node:path';
import type { Address } from '../engines/engine.ts';
import type { Leak } from '../leaks.ts';
import { matcherOf } from './allow.ts';
import { watchHelpers } from './elsewhere/helpers.ts';
import { openFileLeaks } from './elsewhere/open-files.ts';
import { realPath } from './real-path.ts';
import { watchSockets } from './sockets/hooks.ts';
import { watchAddons } from './sqlite/addons.ts';
import { guardState, isArmed, type Permitted, serverKey } from './state.ts';

export { allowList } from './allow.ts';
export { claim } from './scopes.ts';

/** An isolation whose tests are guarded. */
export interface Guarded {
  /** Files and servers that may be opened anyway. */
  readonly allow: readonly (string | RegExp)[];
  /** Told of every violation; answers whether it knows the test whose code did it. */
  violated(leak: Leak): boolean;
}

/** The right to open one database. */
export interface Permit {
  /** The local ports of all connections from this process to it; undefined when nothing watches. */
  ownPorts(): ReadonlySet<number> | undefined;
  /** From now on nobody may open it any more; idempotent. */
  revoke(): void;
  /** Closes what the app has opened itself and not closed, and says where it was opened. Revokes as well. */
  closeRest(): readonly Leak[];
}

/**
 * Arms the guard for one user: from now on, opening a database without a permit fails with `DBI_FOREIGN_DATABASE`, until
 * every user has been disarmed. Covers better-sqlite3 and everything that speaks PostgreSQL's or MySQL's protocol over a
 * socket of Node, in the main thread of this process.
 *
 * @returns what disarms it for this user; idempotent.
 */
export function guard(user: Guarded): () => void {
  const state = guardState();
  if (!state.hooked) {
    state.hooked = true;
    watchAddons();
    watchSockets();
    watchHelpers();
  }
  state.users.set(user, matcherOf(user.allow));
  return () => void state.users.delete(user);
}

/** Permits everybody in this process to open one database, whether or not the guard is armed. */
export function permit(address: Address): Permit {
  const { permitted } = guardState();
  const database: Permitted = { key: keyOf(address), usable: true, opened: new Set(), ports: new Set() };
  const complete = isArmed(); // or else there may be connections that nobody has seen
  permitted.set(database.key, database);
  return {
    ownPorts: () => (complete && isArmed() ? database.ports : undefined),
    revoke() {
      database.usable = false;
    },
    closeRest() {
      database.usable = false;
      const leaks = [...database.opened].flatMap((opened): Leak[] => {
        if (!opened.close()) return [];
        const place = opened.place();
        return [{ ...LEFT_OPEN, ...(place !== undefined && { place }) }];
      });
      database.opened.clear();
      if (isArmed()) leaks.push(...openFileLeaks(database));
      if (permitted.get(database.key) === database) permitted.delete(database.key);
      return leaks;
    },
  };
}

const LEFT_OPEN: Leak = {
  kind: 'open-connection',
  message: 'it left a connection of its own open, which was closed',
};

/** Violations since the last call that belong to no user's test. */
export function takeUnclaimed(): readonly Leak[] {
  return guardState().unclaimed.splice(0);
}

function keyOf(address: Address): string {
  if (address.dialect === 'sqlite') return realPath(dirname(address.filename));
  const [, name = ''] = /^\w+:\/\/[^/?#]*\/([^?#]*)/.exec(address.url) ?? []; // not every URL of pg is one for Node
  return serverKey(address.dialect, decodeURIComponent(name));
}
