import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Address, Clone, Engine, EngineSession } from '@acme/db-isolation';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import type { Changes, TableChanges } from '../../src/engines/changes.ts';
import { MYSQL, POSTGRES, type ServerKind } from '../support/server-kinds.ts';
import { describeWithPrograms } from '../support/servers/available.ts';
import { useUserOfServer } from '../support/shared-server.ts';
import { withSql } from '../support/sql.ts';
import { fileOf, pathsBelow, useWorkspace } from '../support/workspace.ts';

/** More than any comparison in a test needs, however busy the machine is, in milliseconds. */
const LONG = 60_000;

/** Makes databases, lets a "test" change them and compares them with their template. */
export interface Compared {
  readonly engine: 'sqlite' | 'postgres' | 'mysql';
  /** Runs statements on a template, then others on a clone of it, and answers what has changed. */
  changes(template: readonly string[], test: readonly string[], milliseconds?: number): Promise<Changes>;
  /** The same with something else in place of the second statements. */
  changesBy(
    template: readonly string[],
    test: (clone: Clone) => Promise<unknown>,
    milliseconds?: number,
  ): Promise<Changes>;
}

/** The same tests on every engine; on servers as a user without special rights. */
export function compareOnEachEngine(title: string, tests: (compared: Compared) => void): void {
  compareOnSqlite(`${title} (sqlite)`, tests);
  compareOnServer(POSTGRES, `${title} (postgres)`, tests);
  compareOnServer(MYSQL, `${title} (mysql)`, tests);
}

export function compareOnSqlite(title: string, tests: (compared: Compared) => void): void {
  describe(title, () => {
    const workspace = useWorkspace();
    const files = () =>
      pathsBelow(workspace.root)
        .filter((path) => !path.includes('/locks'))
        .map((path) => `${path} ${hashOf(path)}`);
    tests(
      comparedWith(
        'sqlite',
        () => sqlite(),
        async () => files(),
      ),
    );
  });
}

export function compareOnServer(kind: ServerKind, title: string, tests: (compared: Compared) => void): void {
  describeWithPrograms(kind.programs, title, () => {
    const user = useUserOfServer(kind);
    tests(
      comparedWith(
        kind.name,
        () => kind.engine({ server: user.url }),
        async () => (await user.tests()).toSorted(),
      ),
    );
  });
}

/** The changes of one table. */
export function tableOf({ tables, cut }: Changes, name: string): TableChanges {
  expect(cut).to.deep.equal([]);
  return tables.find(({ table }) => table === name) ?? expect.fail(`table ${name} is not among the changes`);
}

/** Runs statements one by one on a connection of their own. */
async function execute(address: Address, statements: readonly string[]): Promise<void> {
  if (address.dialect !== 'sqlite') {
    return withSql(address.url, async (sql) => {
      for (const statement of statements) await sql.rows(statement);
    });
  }
  const db = new Database(fileOf(address)).unsafeMode(); // tests may write what SQLite does not understand
  try {
    for (const statement of statements) db.exec(statement);
  } finally {
    db.close();
  }
}

/** @param inventory all that is on disk or on the server, which comparing must not change. */
function comparedWith(
  name: Compared['engine'],
  engine: () => Engine,
  inventory: () => Promise<readonly string[]>,
): Compared {
  const compared: Compared = {
    engine: name,
    changes: (template, test, milliseconds) =>
      compared.changesBy(template, (clone) => execute(clone.address, test), milliseconds),
    async changesBy(template, test, milliseconds = LONG) {
      const session = await engine().start();
      try {
        const clone = await cloneOf(session, template);
        await test(clone);
        const before = await inventory();
        const changes = await clone.changes(milliseconds);
        // What came too late to be compared goes at the end of the session at the latest.
        if (milliseconds !== LONG) return changes;
        expect(await inventory(), 'what is there afterwards').to.deep.equal(before);
        expect(inOrder(await clone.changes(LONG)), 'the second time').to.deep.equal(inOrder(changes));
        return changes;
      } finally {
        await session.close();
      }
    },
  };
  return compared;
}

/** In which order kinds of changes are met depends on how many rows are compared at a time, and so on the clock. */
function inOrder(changes: Changes): Changes {
  const text = (row: unknown) => JSON.stringify(row);
  const sorted = ({ rows, ...table }: TableChanges): TableChanges => ({
    ...table,
    rows: rows.toSorted((one, other) => (text(one) < text(other) ? -1 : 1)),
  });
  return { ...changes, tables: changes.tables.map(sorted) };
}

async function cloneOf(session: EngineSession, template: readonly string[]): Promise<Clone> {
  const fingerprint = randomBytes(16).toString('hex');
  await session.ensureTemplate(fingerprint, (address) => execute(address, template));
  return (await session.clone(fingerprint)) ?? expect.fail('the template is gone');
}

/** What is in a file; directories have nothing. */
function hashOf(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return dirname(path);
  }
}
