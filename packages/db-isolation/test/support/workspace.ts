import { mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createIsolation, type Isolation, type IsolationOptions } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { type DirectoryResult, dir } from 'tmp-promise';
import { NOTES } from './schemas.ts';

type Options = Partial<IsolationOptions<Knex>>;

/** A place on disk for one test: the library keeps everything in it, and it is gone afterwards. */
export interface Workspace {
  /** `DB_ISOLATION_DIR` during the test. */
  readonly path: string;
  /** The library's own directory below it. */
  readonly root: string;
  /** Writes files below a new directory of the workspace, whose path it answers. */
  write(directory: string, files: Readonly<Record<string, string>>): string;
  /** An isolation on SQLite with a table of notes, closed when the test ends. */
  isolation(options?: Options): Isolation<Knex>;
  /** Does something when the test ends, before the directory goes. */
  atEnd(action: () => unknown): void;
  /** The names in one of the library's directories; none when it does not exist. */
  names(directory: 'runs' | 'kept' | 'templates' | 'locks'): string[];
}

/** Gives each test of a describe block its own workspace, and proves that no run directory outlives its isolation. */
export function useWorkspace(): Workspace {
  let directory: DirectoryResult;
  let before: string | undefined;
  let actions: (() => unknown)[] = [];

  beforeEach(async () => {
    directory = await dir({ unsafeCleanup: true, prefix: 'db-isolation-test' });
    before = process.env['DB_ISOLATION_DIR'];
    process.env['DB_ISOLATION_DIR'] = workspace.path;
    actions = [];
  });

  afterEach(async () => {
    await Promise.allSettled(actions.map(async (action) => action()));
    const left = namesIn(join(workspace.root, 'runs')).filter((name) => name.includes(`-${process.pid}-`));
    setEnvironment('DB_ISOLATION_DIR', before);
    await directory.cleanup();
    expect(left, 'run directories left behind').to.deep.equal([]);
  });

  const workspace: Workspace = {
    get path() {
      return realpathSync(directory.path);
    },
    get root() {
      return join(workspace.path, `db-isolation-${process.getuid?.() ?? 'user'}`);
    },
    write(name, files) {
      const target = join(workspace.path, name);
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(dirname(join(target, file)), { recursive: true });
        writeFileSync(join(target, file), text);
      }
      return target;
    },
    isolation(options = {}) {
      const isolation = createIsolation({ engine: sqlite(), client: knexClient(), schema: NOTES, ...options });
      actions.push(() => isolation.close());
      return isolation;
    },
    atEnd: (action) => void actions.push(action),
    names: (name) => namesIn(join(workspace.root, name)),
  };
  return workspace;
}

/** The file behind the URL of a lease or of a kept database. */
export function fileOf({ url }: { readonly url: string }): string {
  return fileURLToPath(url.replace(/^sqlite:/, 'file:'));
}

/** Every path below a directory, directories first. */
export function pathsBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? [path, ...pathsBelow(path)] : [path];
  });
}

/** Sets an environment variable, or removes it. */
export function setEnvironment(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}
