import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { diskFull, hasCode, templateInUse, templateTimeout } from '../../errors.ts';
import { now, within } from '../../real-time.ts';
import { type Directories, discard, isDiskFull, onDisk, randomName } from './directories.ts';
import type { Driver } from './driver.ts';
import { withLock } from './lock.ts';

/** What every database of this engine is called, inside a directory of its own. */
export const DATABASE_FILE = 'db.sqlite';

/** Cached templates beyond this number go, those unused for longest first. */
const MAX_TEMPLATES = 8;

const SEAL_FILE = 'sealed.json';
const FINGERPRINT = /^[0-9a-f]{32}$/;
const DAY_MS = 86_400_000;

/** Templates on disk: `templates/<fingerprint>/db.sqlite`, complete as soon as the directory exists. */
export class TemplateStore {
  readonly #directories: Directories;
  readonly #driver: Driver;

  constructor(directories: Directories, driver: Driver) {
    this.#directories = directories;
    this.#driver = driver;
  }

  /** The file to copy. */
  file(fingerprint: string): string {
    return join(this.#directory(fingerprint), DATABASE_FILE);
  }

  /**
   * Builds the template in `workshop` unless it exists, in one process at a time.
   *
   * @param timeout how long building may take, here or elsewhere, in milliseconds.
   * @throws {IsolationError} `DBI_TEMPLATE_TIMEOUT`, `DBI_TEMPLATE_IN_USE`, and whatever `build` throws.
   */
  async ensure(
    fingerprint: string,
    workshop: string,
    timeout: number,
    build: (file: string) => Promise<void>,
  ): Promise<void> {
    while (!this.#isSealed(fingerprint) || !this.#markUsed(fingerprint)) {
      const lock = join(this.#directories.locks, `${fingerprint}.lock`);
      const done = await withLock(this.#driver, lock, timeout, async () => {
        if (this.#isSealed(fingerprint)) return; // built while this process waited
        discard(this.#directories, this.#directory(fingerprint)); // damaged
        const late = () => templateTimeout(fingerprint, timeout);
        await this.#build(fingerprint, workshop, (file) => within(timeout, build(file), late));
        this.evict(fingerprint);
      });
      if (!done) throw templateTimeout(fingerprint, timeout);
    }
  }

  /**
   * Removes the templates that were unused for longest, down to {@link MAX_TEMPLATES}.
   *
   * @param inUse one that stays whatever the clock says.
   */
  evict(inUse?: string): number {
    const { templates, locks } = this.#directories;
    const used = (name: string) => (name === inUse ? Number.POSITIVE_INFINITY : modified(join(templates, name)));
    const byUse = readdirSync(templates)
      .filter((name) => FINGERPRINT.test(name))
      .map((name) => ({ name, used: used(name) }))
      .sort((a, b) => b.used - a.used);
    const old = byUse.slice(MAX_TEMPLATES).filter(({ name }) => discard(this.#directories, join(templates, name)));
    for (const name of readdirSync(locks)) {
      const path = join(locks, name);
      const ours = name.endsWith('.lock') && FINGERPRINT.test(basename(name, '.lock'));
      const unused = ours && !existsSync(join(templates, basename(name, '.lock')));
      if (unused && now() - modified(path) > DAY_MS) rmSync(path, { force: true });
    }
    return old.length;
  }

  async #build(fingerprint: string, workshop: string, build: (file: string) => Promise<void>): Promise<void> {
    const id = randomName();
    const draft = join(workshop, `build-${id}`);
    const sealed = join(workshop, `sealed-${id}`);
    const file = join(draft, DATABASE_FILE);
    onDisk(workshop, () => {
      for (const directory of [draft, sealed]) mkdirSync(directory, { mode: 0o700 });
      writeFileSync(file, '', { mode: 0o600 });
    });
    try {
      await build(file);
      this.#whileNobodyWrites(file, () => seal(file, sealed));
      renameSync(sealed, this.#directory(fingerprint));
    } catch (error) {
      throw isDiskFull(error) ? diskFull(workshop, error) : error;
    } finally {
      for (const directory of [draft, sealed]) rmSync(directory, { recursive: true, force: true });
    }
  }

  /** Moves everything out of a write-ahead log into the file itself, and holds off writers during `work`. */
  #whileNobodyWrites(file: string, work: () => void): void {
    const db = this.#driver.open(file);
    try {
      db.pragma('busy_timeout = 0');
      const [checkpoint] = db.pragma('wal_checkpoint(truncate)') as { busy: number }[];
      if (checkpoint?.busy) throw templateInUse(file, undefined);
      db.exec('begin immediate');
      work();
    } catch (error) {
      throw hasCode(error, 'SQLITE_BUSY', 'SQLITE_LOCKED') ? templateInUse(file, error) : error;
    } finally {
      db.close(); // rolls back
    }
  }

  /** The time of last use decides what goes. Answers false when it has gone in the meantime. */
  #markUsed(fingerprint: string): boolean {
    try {
      const seconds = now() / 1000;
      utimesSync(this.#directory(fingerprint), seconds, seconds);
      return true;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    }
  }

  #directory(fingerprint: string): string {
    return join(this.#directories.templates, fingerprint);
  }

  #isSealed(fingerprint: string): boolean {
    try {
      const seal = JSON.parse(readFileSync(join(this.#directory(fingerprint), SEAL_FILE), 'utf8')) as { size: number };
      return statSync(this.file(fingerprint)).size === seal.size;
    } catch {
      return false; // missing, or cut short by a crash of the machine
    }
  }
}

/** A copy, so that a connection which somebody forgot to close cannot change the template later. */
function seal(file: string, directory: string): void {
  const copy = join(directory, DATABASE_FILE);
  copyFileSync(file, copy, constants.COPYFILE_FICLONE);
  writeFileSync(join(directory, SEAL_FILE), JSON.stringify({ size: statSync(copy).size }), { mode: 0o600 });
  for (const path of [copy, join(directory, SEAL_FILE)]) flush(path);
}

function flush(path: string): void {
  const descriptor = openSync(path, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** Milliseconds since 1970; 0 for what has gone in the meantime. */
function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
