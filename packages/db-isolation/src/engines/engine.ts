import type { Changes } from './changes.ts';

/** How a client reaches one database. */
export type Address = SqliteAddress | ServerAddress;

/** A database that is a file. */
export interface SqliteAddress {
  readonly dialect: 'sqlite';
  /** Text that opens this database elsewhere, such as `sqlite:///tmp/…/db.sqlite`. */
  readonly url: string;
  /** The database file, an absolute path. */
  readonly filename: string;
  /** Statements that every new connection runs first. */
  readonly onConnect: readonly string[];
}

/** A database on a server. */
export interface ServerAddress {
  readonly dialect: 'postgres' | 'mysql';
  /** All that a driver needs to connect, such as `postgres://user:password@host/name`, with the driver's own parameters. */
  readonly url: string;
  /** How many connections a client may have open at the same moment, at least 1. */
  readonly maxConnections: number;
}

/** A database that was kept for somebody to look at. */
export interface Kept {
  readonly title: string;
  readonly url: string;
  /** A command line that opens it. */
  readonly command: string;
  /** Removes it after all; idempotent. */
  discard(): Promise<void>;
}

/** One test's database, equal to the template when it is made. */
export interface Clone {
  readonly address: Address;
  /**
   * What differs from the template. Its connections have been closed. Takes little longer than so many milliseconds,
   * however large the tables are, and says what it left out.
   */
  changes(milliseconds: number): Promise<Changes>;
  /** Removes it with everything beside it and ends connections to it; idempotent. */
  drop(): Promise<void> | void;
  /**
   * Puts it aside instead. Its connections have been closed. Answers undefined when this run has kept so many that
   * another one would push out the first, which a failure's output has already named.
   */
  keep(title: string): Promise<Kept | undefined>;
}

/** What {@link EngineSession.sweep} removed. */
export interface SweepReport {
  /** Runs whose process is gone, with all their databases. */
  readonly runs: number;
  /** Kept databases that were too old or too many. */
  readonly kept: number;
  /** Templates that had not been used for longest. */
  readonly templates: number;
}

/** An engine at work in one process. */
export interface EngineSession {
  /** Versions and options that decide what a template looks like. */
  readonly fingerprint: string;
  /**
   * Whether making and dropping a clone takes so long, and so little of this process's own time, that it is better done
   * while tests run: clones are then made ahead, and dropped in the background.
   */
  readonly worksAhead: boolean;
  /**
   * Makes sure that the template of `fingerprint` exists. `build` fills an empty database and closes its connections; it
   * runs in at most one process at a time, and only where the template is missing.
   */
  ensureTemplate(fingerprint: string, build: (address: Address) => Promise<void>): Promise<void>;
  /**
   * Waits until there is room for the connections of one more client, among all processes of the run. Answers what gives
   * the room back; calling that twice does no harm.
   */
  admit(): Promise<() => void>;
  /** A new database equal to the template; undefined when the template has gone in the meantime. */
  clone(fingerprint: string): Promise<Clone | undefined>;
  /** Removes what dead processes left, and nothing of a live one. */
  sweep(): Promise<SweepReport>;
  /** Removes everything that this session still holds; idempotent. */
  close(): Promise<void>;
  /** The same while the process exits, when nothing can be waited for. */
  closeAtExit(): void;
}

/** The seam to a kind of database. Making one does no I/O. */
export interface Engine {
  start(): Promise<EngineSession>;
}
