import { join } from 'node:path';
import { invalidOption } from '../../errors.ts';
import { now } from '../../real-time.ts';
import type { Address, Clone, Engine, EngineSession, SweepReport } from '../engine.ts';
import { copyTemplate, removeCopy } from './clone.ts';
import { compareFiles } from './compare.ts';
import { createRunDirectory, type Directories, openDirectories, removeDeadRuns, removeTree } from './directories.ts';
import { type Driver, loadDriver } from './driver.ts';
import { keepDatabase, removeOldKept } from './kept.ts';
import { TemplateStore } from './templates.ts';
import { sqliteUrl } from './url.ts';

/** Options of {@link sqlite}. */
export interface SqliteOptions {
  /**
   * Pragmas that every connection of a test sets first, added to the defaults: `foreign_keys: 'on'` (SQLite itself
   * leaves foreign keys unchecked) and `synchronous: 'off'` (nobody needs a test's database after a power cut). The
   * journal mode is the one that the template has; a migration or `journal_mode: 'wal'` decides it.
   */
  readonly pragmas?: Readonly<Record<string, string | number>>;
  /** How long building the template may take, here or in another process, in milliseconds. Default: 120,000. */
  readonly templateTimeout?: number;
}

const DEFAULT_PRAGMAS = { foreign_keys: 'on', synchronous: 'off' };

/**
 * Gives every test an SQLite file of its own, in a directory of its own. Needs better-sqlite3.
 *
 * Everything is below `DB_ISOLATION_DIR`, else below the system's temporary directory, readable by this user only.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 * @example
 * createIsolation({ engine: sqlite({ pragmas: { journal_mode: 'wal' } }), … });
 */
export function sqlite(options: SqliteOptions = {}): Engine {
  const { templateTimeout = 120_000 } = options;
  if (!(templateTimeout > 0)) throw invalidOption('templateTimeout', templateTimeout, 'a number of milliseconds');
  const onConnect = Object.entries({ ...DEFAULT_PRAGMAS, ...options.pragmas }).map(pragma);
  return {
    async start() {
      const driver = loadDriver();
      return new SqliteSession(openDirectories(), driver, onConnect, templateTimeout);
    },
  };
}

class SqliteSession implements EngineSession {
  readonly fingerprint: string;
  readonly worksAhead = false; // a copy is made by this process, which tests would have to wait for all the same
  readonly #directories: Directories;
  readonly #driver: Driver;
  readonly #templates: TemplateStore;
  readonly #run: string;
  readonly #onConnect: readonly string[];
  readonly #templateTimeout: number;
  readonly #start = now();
  #clones = 0;

  constructor(directories: Directories, driver: Driver, onConnect: readonly string[], templateTimeout: number) {
    this.fingerprint = JSON.stringify([driver.version, onConnect]);
    this.#directories = directories;
    this.#driver = driver;
    this.#templates = new TemplateStore(directories, driver);
    this.#onConnect = onConnect;
    this.#templateTimeout = templateTimeout;
    this.#run = createRunDirectory(directories);
  }

  async ensureTemplate(fingerprint: string, build: (address: Address) => Promise<void>): Promise<void> {
    await this.sweep();
    const buildFile = (file: string) => build(this.#address(file));
    await this.#templates.ensure(fingerprint, this.#run, this.#templateTimeout, buildFile);
  }

  async clone(fingerprint: string): Promise<Clone | undefined> {
    this.#clones += 1;
    const directory = join(this.#run, String(this.#clones));
    const template = this.#templates.file(fingerprint);
    const copy = await copyTemplate(template, directory);
    return (
      copy && {
        address: this.#address(copy.file),
        changes: (milliseconds) => compareFiles(this.#driver, template, copy.file, this.#run, milliseconds),
        drop: () => removeCopy(copy),
        keep: async (title) => keepDatabase(this.#directories, directory, title, this.#start),
      }
    );
  }

  async sweep(): Promise<SweepReport> {
    return {
      runs: removeDeadRuns(this.#directories),
      kept: removeOldKept(this.#directories),
      templates: this.#templates.evict(),
    };
  }

  async admit(): Promise<() => void> {
    return () => undefined; // files have no limit that a test could reach
  }

  async close(): Promise<void> {
    this.closeAtExit();
  }

  closeAtExit(): void {
    removeTree(this.#run);
  }

  #address(filename: string): Address {
    const onConnect = this.#onConnect;
    return {
      dialect: 'sqlite',
      filename,
      onConnect,
      get url() {
        return sqliteUrl(filename); // few tests ask for it
      },
    };
  }
}

function pragma([name, value]: [string, string | number]): string {
  if (!/^\w+$/.test(name)) throw invalidOption('pragmas', name, 'named with letters, digits and underscores');
  if (!/^-?[\w.]+$/.test(String(value))) throw invalidOption(`pragmas.${name}`, value, 'a word or a number');
  return `pragma ${name} = ${value}`;
}
