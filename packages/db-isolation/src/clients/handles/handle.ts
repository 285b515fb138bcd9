import type { Address } from '../../engines/engine.ts';
import type { Leak } from '../../leaks.ts';
import type { Client, Refusal } from '../client.ts';
import type { Sessions } from '../sessions/sessions.ts';

/** One database as it was opened, with what {@link Client} does to it. */
export interface Handle<Db> {
  readonly db: Db;
  execute(sql: string): Promise<void>;
  fence(reason: Refusal): void;
  close(ownPorts?: ReadonlySet<number>): Promise<readonly Leak[]>;
}

/** What is different for each client that opens handles. */
export interface Opener<Db> {
  fingerprint(): Promise<string>;
  open(address: Address): Promise<Handle<Db>>;
}

/** A client that knows what it has opened. */
export function clientOf<Db extends object>(opener: Opener<Db>): Client<Db> {
  const handles = new WeakMap<Db, Handle<Db>>();
  return {
    fingerprint: () => opener.fingerprint(),
    async open(address) {
      const handle = await opener.open(address);
      handles.set(handle.db, handle);
      return handle.db;
    },
    async execute(db, sql) {
      await handles.get(db)?.execute(sql);
    },
    fence(db, reason) {
      handles.get(db)?.fence(reason);
    },
    async close(db, ownPorts) {
      return (await handles.get(db)?.close(ownPorts)) ?? [];
    },
  };
}

/** The handle for something that was put on top of a driver, such as a query builder. */
export function handleOn<Db>(db: Db, { execute, fence, close }: Handle<unknown>): Handle<Db> {
  return { db, execute, fence, close };
}

/** The part of a handle that is the same for all drivers. */
export function endOf<Connection extends object>(
  sessions: Sessions<Connection>,
  end: () => unknown = () => undefined,
): Pick<Handle<never>, 'fence' | 'close'> {
  return {
    fence: (reason) => sessions.fence(reason),
    async close(ownPorts) {
      const leaks = sessions.used ? await sessions.leaks(ownPorts) : [];
      await sessions.end();
      end();
      return leaks;
    },
  };
}
