import type { Findings } from '../findings.ts';

/** A row, by column name in lower case. */
export type Row = Readonly<Record<string, unknown>>;

/** One of the library's own connections. Does not keep the process alive, except while a query is under way. */
export interface AdminConnection {
  /** Whether queries can still be made on it. */
  readonly isOpen: boolean;
  /** Runs one statement, in which `?` stands for a value, on this connection alone and in the order of the calls. */
  readonly query: (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;
  /** Idempotent; whatever the session held on the server, such as locks, is free afterwards. */
  close(): Promise<void>;
  /** Closes it while the process exits, when nothing can be waited for: the server finishes what it is doing first. */
  cutOff(): void;
}

/** What a session wants to know about its server. */
export interface ServerFacts {
  /** Whatever may decide how a template looks: versions of server and driver, the user, settings of new databases. */
  readonly fingerprint: string;
  /** How many connections the server allows to all of its clients that have no special rights. */
  readonly maxConnections: number;
}

/** The seam between what all servers have in common and one kind of server, for one server that the user named. */
export interface ServerDialect {
  readonly dialect: 'postgres' | 'mysql';
  /** An expression for the server's clock, in milliseconds since 1970. */
  readonly nowSql: string;
  /** Name of the database in which the registry is: one for each user of the server, since users cannot share tables. */
  readonly registryName: string;

  /**
   * Connects to a database, or without a name to where the user's own URL leads.
   *
   * @throws {IsolationError} `DBI_SERVER_UNREACHABLE`, `DBI_SERVER_UNSUPPORTED`, `DBI_TOO_MANY_CONNECTIONS`,
   * `DBI_NO_PERMISSION`.
   */
  connect(database?: string): Promise<AdminConnection>;
  inspect(connection: AdminConnection): Promise<ServerFacts>;
  exists(connection: AdminConnection, database: string): Promise<boolean>;

  /**
   * Makes an empty database.
   *
   * @throws {IsolationError} `DBI_NO_PERMISSION`, `DBI_DISK_FULL`.
   */
  create(connection: AdminConnection, database: string): Promise<void>;
  /**
   * Ends all connections to a database, also a sealed one, and removes it. One that is not there is fine.
   *
   * @throws {IsolationError} `DBI_DATABASE_IN_USE` when something uses it that cannot be ended.
   */
  drop(connection: AdminConnection, database: string): Promise<void>;
  /** How many connections to a database there are. */
  countConnections(connection: AdminConnection, database: string): Promise<number>;

  /**
   * Keeps everybody out of a finished template, as far as the server can, and finds out how this server clones it best.
   * Answers what {@link clone} wants to know about that, in at most 100 characters.
   *
   * @param scratch a name for a database that it may make and drop to find that out.
   */
  seal(connection: AdminConnection, template: string, scratch: string): Promise<string>;
  /**
   * Makes a database that equals the template. Answers false, and leaves nothing, when the template has gone.
   *
   * @throws {IsolationError} `DBI_NO_PERMISSION`, `DBI_DISK_FULL`.
   */
  clone(connection: AdminConnection, template: string, name: string, how: string): Promise<boolean>;

  /** Whether {@link compare} can read a template while others make clones of it. */
  readonly readsTemplates: boolean;
  /**
   * Finds out how a database differs from one that equals its template, and changes neither. Ends when the time of the
   * findings is up.
   *
   * @param original the template where {@link readsTemplates} is set, else a fresh clone.
   * @param how what {@link seal} answered for the template.
   */
  compare(database: string, original: string, how: string, findings: Findings): Promise<void>;

  /**
   * Tries to get advisory locks that belong to the connection and end with it; nobody waits. The names are shared by all
   * sessions with the same registry. Answers for each name whether it was got.
   */
  tryLocks(connection: AdminConnection, names: readonly string[]): Promise<readonly boolean[]>;
  unlock(connection: AdminConnection, names: readonly string[]): Promise<void>;

  /** The user's own URL with another database: all that a driver needs to connect. */
  url(database: string): string;
  /** A URL to show to people: without the password. */
  shownUrl(database: string): string;
  /** A command line for people that opens a database in the server's own shell; without the password. */
  command(database: string): string;
}
