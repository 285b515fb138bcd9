import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Isolation, IsolationOptions } from '@acme/db-isolation';
import Database from 'better-sqlite3';
import type { Knex } from 'knex';
import { MYSQL, POSTGRES } from '../support/server-kinds.ts';
import { describeWithPrograms } from '../support/servers/available.ts';
import { NOTES_ON_ANY_ENGINE, useUserOfServer } from '../support/shared-server.ts';
import { fileOf, useWorkspace } from '../support/workspace.ts';

/** One engine, as tests see it that say nothing about the kind of database. */
export interface Place {
  readonly engine: 'sqlite' | 'postgres' | 'mysql';
  /** An isolation with a table of notes, closed when the test ends. */
  isolation(options?: Partial<IsolationOptions<Knex>>): Isolation<Knex>;
  /** The same with room for one connection to each database, so that whoever needs a second one has to wait. */
  narrowIsolation(): Isolation<Knex>;
  /** The same with room for one test at a time, where there is such a limit. */
  crowdedIsolation(): Isolation<Knex>;
  /** Whether the database of a lease or of a kept one is there. */
  exists(database: { readonly url: string }): Promise<boolean>;
  /** How many databases are there that nobody has kept. */
  count(): Promise<number>;
  countKept(): Promise<number>;
  /** How many connections to a server are open. */
  countConnections(): Promise<number>;
  /** The notes in a kept database. */
  notesIn(kept: { readonly url: string }): Promise<readonly unknown[]>;
}

/** The same tests on every engine; on servers as a user without special rights. */
export function onEachEngine(title: string, tests: (place: Place) => void): void {
  describe(`${title} (sqlite)`, () => tests(useSqlite()));
  for (const kind of [POSTGRES, MYSQL]) {
    describeWithPrograms(kind.programs, `${title} (${kind.name})`, () => tests(useServer(kind)));
  }
}

const SELECT_NOTES = 'select text from note order by id';

function useSqlite(): Place {
  const workspace = useWorkspace();
  const place: Place = {
    engine: 'sqlite',
    isolation: (options) => workspace.isolation({ schema: NOTES_ON_ANY_ENGINE, ...options }),
    narrowIsolation: () => place.isolation(), // as all are
    crowdedIsolation: () => place.isolation(),
    exists: async (database) => existsSync(dirname(fileOf(database))),
    count: async () => workspace.names('runs').length,
    countConnections: async () => 0,
    countKept: async () => workspace.names('kept').length,
    async notesIn(kept) {
      const database = new Database(fileOf(kept), { readonly: true });
      try {
        return database.prepare(SELECT_NOTES).pluck().all();
      } finally {
        database.close();
      }
    },
  };
  return place;
}

function useServer(kind: typeof POSTGRES): Place {
  const user = useUserOfServer(kind);
  return {
    engine: kind.name,
    isolation: (options) => user.isolation(options),
    narrowIsolation: () => user.isolation({ engine: kind.engine({ server: user.url, connectionsPerTest: 1 }) }),
    crowdedIsolation: () =>
      user.isolation({ engine: kind.engine({ server: user.url, connectionsPerTest: 1, maxConnections: 4 }) }),
    countConnections: () => user.connections(),
    async exists({ url }) {
      const name = new URL(url).pathname.slice(1);
      return [...(await user.tests()), ...(await user.kept())].includes(name);
    },
    count: async () => (await user.tests()).length,
    countKept: async () => (await user.kept()).length,
    notesIn: ({ url }) => user.query(url, SELECT_NOTES),
  };
}
