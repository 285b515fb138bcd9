import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { type MochaOptions, type MochaRun, MochaSandbox, type StartedRun } from '../support/run-mocha.ts';
import { MYSQL, POSTGRES, type ServerKind } from '../support/server-kinds.ts';
import { findPostgresPrograms } from '../support/servers/postgres-programs.ts';
import { findMariadbPrograms } from '../support/servers/private-mariadb.ts';
import { createUserOfServer, type UserOfServer } from '../support/shared-server.ts';

export type EngineName = 'sqlite' | 'postgres' | 'mysql';

/** Whether there is what this engine's tests need. */
export function hasEngine(engine: EngineName): boolean {
  if (engine === 'sqlite') return true;
  return (engine === 'postgres' ? findPostgresPrograms() : findMariadbPrograms()) !== undefined;
}

/** Where the databases of some Mocha runs are, as seen from outside. */
export interface RunPlace {
  readonly sandbox: MochaSandbox;
  /** Runs fixture suites on this engine. */
  start(options: MochaOptions): StartedRun;
  /** What identifies a database in its URL, for each that was kept. */
  kept(): Promise<readonly string[]>;
  /** The same for those that are in use or were left behind. */
  left(): Promise<readonly string[]>;
  /** The notes in a kept database, as the command shows them that the run's output names. */
  notes(command: string): readonly string[];
  /** Takes the right to make databases away. */
  revoke(): Promise<void>;
  remove(): Promise<void>;
}

/** What opens a kept database of each engine, as a pattern; its group identifies the database. */
export const COMMANDS: Readonly<Record<EngineName, string>> = {
  sqlite: "sqlite3 '([^']+)'",
  postgres: "psql '\\S+/(dbi_\\w+)'",
  mysql: '\\S+ -h .* (dbi_\\w+)',
};

/** A place of its own for some runs: a directory, or a user of a server. */
async function createRunPlace(engine: EngineName): Promise<RunPlace> {
  const sandbox = await MochaSandbox.create();
  if (engine === 'sqlite') return sqlitePlace(sandbox);
  const kind = engine === 'postgres' ? POSTGRES : MYSQL;
  return serverPlace(sandbox, kind, await createUserOfServer(kind));
}

/** Gives a describe block places, which are removed after it. */
export function useRunPlaces(): (engine: EngineName) => Promise<RunPlace> {
  const places: RunPlace[] = [];
  after(async () => {
    for (const place of places) await place.remove();
  });
  return async (engine) => {
    const place = await createRunPlace(engine);
    places.push(place);
    return place;
  };
}

/** Runs one thing after the other for each of a list, two at a time; answers the results in the order of the list. */
export async function twoAtATime<T, R>(list: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...list.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all([worker(), worker()]);
  return results;
}

/** What the suites that hang have told about their databases so far. */
export function hanging(sandbox: MochaSandbox): readonly string[] {
  return readdirSync(sandbox.signals)
    .map((name) => readFileSync(join(sandbox.signals, name), 'utf8'))
    .filter((url) => url !== '');
}

function sqlitePlace(sandbox: MochaSandbox): RunPlace {
  return {
    sandbox,
    start: (options) => sandbox.start(options),
    kept: async () => sandbox.kept(),
    left: async () => sandbox.runs(),
    // The program is seldom installed; that the file is one of SQLite's shows as well without it.
    notes(command) {
      const [, file = ''] = new RegExp(COMMANDS.sqlite).exec(command) ?? [];
      const database = new Database(file, { readonly: true });
      try {
        return database.prepare<[], string>(SELECT_NOTES).pluck().all();
      } finally {
        database.close();
      }
    },
    revoke: async () => undefined,
    remove: () => sandbox.remove(),
  };
}

function serverPlace(sandbox: MochaSandbox, kind: ServerKind, user: UserOfServer): RunPlace {
  const env = { ENGINE: kind.name, DB_ISOLATION_POSTGRES_URL: user.url, DB_ISOLATION_MYSQL_URL: user.url };
  return {
    sandbox,
    start: (options) => sandbox.start({ ...options, env: { ...env, ...options.env } }),
    kept: () => user.kept(),
    left: () => user.tests(),
    notes: (command) => runShell(kind, command, user.password),
    revoke: () => user.revoke(),
    async remove() {
      await sandbox.remove();
      await user.remove();
    },
  };
}

const SELECT_NOTES = 'select text from note order by id';

/** What a person would do with the command; the password is asked for. */
function runShell(kind: ServerKind, command: string, password: string): readonly string[] {
  const script = kind.name === 'postgres' ? `${command} -Atc '${SELECT_NOTES}'` : `${command} -N -e '${SELECT_NOTES}'`;
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script], {
    env: { ...process.env, PGPASSWORD: password },
    input: `${password}\n`,
    encoding: 'utf8',
    ...{ detached: true }, // without a terminal, the question for the password is answered by the input
  });
  expect(status, `${script}\n${stderr}`).to.equal(0);
  return stdout.trimEnd().split('\n');
}

/** Title and command of the databases that are listed at the end of a run's output. */
export function listedKept(run: MochaRun, engine: EngineName): Map<string, string> {
  const lines = run.output.matchAll(new RegExp(`^ {2}"(.+)": (${COMMANDS[engine]})$`, 'gm'));
  return new Map([...lines].map(([, title = '', command = '']) => [title, command]));
}
