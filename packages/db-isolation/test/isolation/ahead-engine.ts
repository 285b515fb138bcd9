import type { Clone, Engine, EngineSession } from '@acme/db-isolation';
import { sqlite } from '@acme/db-isolation/engines/sqlite';

/** What happened in an {@link aheadEngine}, and what is to happen next. */
export interface Ahead {
  readonly engine: Engine;
  /** Databases that are there. */
  readonly live: Set<Clone>;
  /** Called before a database is made, with the number of those begun before it. */
  beforeMaking: (number: number) => Promise<void> | undefined;
  beforeDropping: () => Promise<void> | undefined;
  beforeAdmitting: () => Promise<void> | undefined;
  /** Waits until nothing is being made. */
  idle(): Promise<void>;
}

/** SQLite as an engine that works ahead, as servers do, so that a test can hold it up and let it fail. */
export function aheadEngine(): Ahead {
  const making = new Set<Promise<unknown>>();
  let begun = 0;

  async function make(session: EngineSession, fingerprint: string): Promise<Clone | undefined> {
    await ahead.beforeMaking(begun++);
    const clone = await session.clone(fingerprint);
    if (!clone) return undefined;
    const watched: Clone = {
      address: clone.address,
      changes: (milliseconds) => clone.changes(milliseconds),
      keep: (title) => clone.keep(title),
      async drop() {
        await ahead.beforeDropping();
        await clone.drop();
        ahead.live.delete(watched);
      },
    };
    ahead.live.add(watched);
    return watched;
  }

  const ahead: Ahead = {
    live: new Set(),
    beforeMaking: () => undefined,
    beforeDropping: () => undefined,
    beforeAdmitting: () => undefined,
    async idle() {
      while (making.size > 0) await Promise.allSettled(making);
    },
    engine: {
      async start() {
        const session = await sqlite().start();
        return {
          fingerprint: session.fingerprint,
          worksAhead: true,
          ensureTemplate: (fingerprint, build) => session.ensureTemplate(fingerprint, build),
          async admit() {
            await ahead.beforeAdmitting();
            return session.admit();
          },
          sweep: () => session.sweep(),
          close: () => session.close(),
          closeAtExit: () => session.closeAtExit(),
          clone(fingerprint) {
            const made = make(session, fingerprint);
            const settled = made.catch(() => undefined).finally(() => making.delete(settled));
            making.add(settled);
            return made;
          },
        };
      },
    },
  };
  return ahead;
}
