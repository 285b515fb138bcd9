/** What each code means. The README's troubleshooting section is kept equal to this list by a test. */
export const errorCodes = {
  DBI_INVALID_OPTION: 'an option or an environment variable has a value that is not understood',
  DBI_DRIVER_MISSING: 'a database driver or query builder is not installed',
  DBI_DRIVER_NOT_BUILT: 'the native part of better-sqlite3 was not built',
  DBI_DRIVER_UNSUPPORTED:
    'the installed driver or query builder does not work with this version of Node, or of this library',
  DBI_DIRECTORY_UNUSABLE: 'the directory for databases cannot be written or is open to other users',
  DBI_DISK_FULL: 'there is no room left for a copy of the template',
  DBI_SERVER_UNREACHABLE: 'the database server does not answer, or does not let the user in',
  DBI_SERVER_UNSUPPORTED: 'the database server is too old or of another kind',
  DBI_NO_PERMISSION: 'the user of the database server may not create databases',
  DBI_TOO_MANY_CONNECTIONS: 'the database server has no room for more connections',
  DBI_SCHEMA_NOT_FOUND: 'the migrations, seeds or SQL files are not where the schema source looks for them',
  DBI_SCHEMA_FAILED: 'a migration, a seed, an SQL file or a command failed while the template was built',
  DBI_TEMPLATE_IN_USE: 'a connection was still open when the template was about to be sealed',
  DBI_NOT_CLONEABLE: 'the template holds what cannot be copied faithfully',
  DBI_TEMPLATE_TIMEOUT: 'building the template takes too long, here or in another process',
  DBI_DATABASE_IN_USE: 'a database could not be removed because something still uses it',
  DBI_NO_LEASE: 'no test is running that has a database',
  DBI_STALE_LEASE: 'code of a test that has ended asked for its database',
  DBI_AMBIGUOUS_LEASE: 'several databases are leased and the caller belongs to none of the tests',
  DBI_FOREIGN_DATABASE: 'code opened a database that is not the running test’s',
  DBI_LEAK: 'a test left something behind, or did something after its end',
  DBI_NOT_ISOLATED: 'verifyIsolation() found that a set-up does not isolate',
  DBI_ALREADY_OVERRIDDEN: 'a provider or an environment variable is overridden already',
  DBI_HOOKS_NOT_RUN: 'root hooks were made but the runner never ran them',
  DBI_NO_RUNNER: "the test runner's hooks are not there",
  DBI_RELEASE_FAILED: 'a database could not be given back cleanly',
  DBI_FOREIGN_NAME: 'the library was asked to remove something that it did not make',
  DBI_CLOSED: 'the isolation was closed before a database was acquired',
} as const;

/** One of the codes that an {@link IsolationError} carries, such as `DBI_STALE_LEASE`. */
export type ErrorCode = keyof typeof errorCodes;

/**
 * The only class of error that this package throws on purpose. The message says what happened, to what, the likely
 * cause and the next step.
 *
 * @example
 * try {
 *   isolation.current();
 * } catch (error) {
 *   if (error instanceof IsolationError && error.code === 'DBI_NO_LEASE') …
 * }
 */
export class IsolationError extends Error {
  override readonly name = 'IsolationError';
  /** Stable across releases; test this, not the message. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(`${message} [${code}]`, options);
    this.code = code;
  }
}

export function invalidOption(name: string, value: unknown, expected: string): IsolationError {
  return new IsolationError('DBI_INVALID_OPTION', `${name} is ${describe(value)}, but has to be ${expected}.`);
}

export function driverMissing(name: string, install: string, cause: unknown): IsolationError {
  return new IsolationError(
    'DBI_DRIVER_MISSING',
    `The package "${name}" could not be loaded: it is not installed beside @acme/db-isolation. Run: ${install}`,
    { cause },
  );
}

export function driverNotBuilt(cause: unknown): IsolationError {
  return new IsolationError(
    'DBI_DRIVER_NOT_BUILT',
    'better-sqlite3 is installed, but its native part was not built, most likely because the package manager did not ' +
      'run its install script. Run: npm rebuild better-sqlite3 (npm 11 may first want "npm install-scripts approve ' +
      'better-sqlite3"; pnpm: list it under allowBuilds, then "pnpm rebuild better-sqlite3"). Compiling needs python3, ' +
      'make and a C++ compiler.',
    { cause },
  );
}

/** @param why as in `… does not work with this`; default: this version of Node. */
export function driverUnsupported(name: string, version: string, wanted: string, why?: string): IsolationError {
  const what = why ?? `does not work with Node ${process.versions.node}`;
  return new IsolationError(
    'DBI_DRIVER_UNSUPPORTED',
    `${name} ${version} ${what}. Run: npm install --save-dev ${name}@${wanted}`,
  );
}

export function directoryUnusable(path: string, why: string, cause?: unknown): IsolationError {
  return new IsolationError(
    'DBI_DIRECTORY_UNUSABLE',
    `The directory for test databases, ${path}, cannot be used: ${why}. Set DB_ISOLATION_DIR to a directory that ` +
      'this user can write to.',
    { cause },
  );
}

export function diskFull(path: string, cause: unknown): IsolationError {
  return new IsolationError(
    'DBI_DISK_FULL',
    `There is no space left for a test database in ${path}. Free some space, or set DB_ISOLATION_DIR to a directory ` +
      'on a file system with more room.',
    { cause },
  );
}

/**
 * @param server where it is, without the password.
 * @param why in a few words, such as `connection refused`.
 */
export function serverUnreachable(server: string, why: string, cause: unknown): IsolationError {
  return new IsolationError(
    'DBI_SERVER_UNREACHABLE',
    `The database server ${server} cannot be used: ${why}. Start it, or correct the option "server" of the engine.`,
    { cause },
  );
}

export function serverUnsupported(server: string, found: string, wanted: string): IsolationError {
  return new IsolationError(
    'DBI_SERVER_UNSUPPORTED',
    `The database server ${server} is ${found}, but this engine needs ${wanted}.`,
  );
}

/** @param grant a statement that gives the right. */
export function noPermission(server: string, grant: string, cause: unknown): IsolationError {
  return new IsolationError(
    'DBI_NO_PERMISSION',
    `The user of ${server} may not create databases (${messageOf(cause)}). An administrator can allow it: ${grant}`,
    { cause },
  );
}

/** @param detail what was needed and what there is. */
export function tooManyConnections(detail: string, cause?: unknown): IsolationError {
  return new IsolationError(
    'DBI_TOO_MANY_CONNECTIONS',
    `The database server has no room for more connections: ${detail}. Run fewer test processes, lower the option ` +
      '"connectionsPerTest" of the engine, or raise the limit of the server.',
    { cause },
  );
}

/** The disk of a server, which is not this library's to choose. */
export function serverDiskFull(server: string, cause: unknown): IsolationError {
  return new IsolationError(
    'DBI_DISK_FULL',
    `There is no space left for a test database on the server ${server}: ${messageOf(cause)}. Free some space there.`,
    { cause },
  );
}

export function schemaNotFound(what: string, path: string, cause?: unknown): IsolationError {
  return new IsolationError(
    'DBI_SCHEMA_NOT_FOUND',
    `No ${what} found at ${path}. Relative paths start at the working directory, ${process.cwd()}; pass an absolute ` +
      'path or a file URL when tests start elsewhere.',
    { cause },
  );
}

export function schemaFailed(what: string, file: string, cause: unknown): IsolationError {
  return new IsolationError(
    'DBI_SCHEMA_FAILED',
    `The ${what} ${file} failed while the template was built: ${messageOf(cause)}${loaderHint(file, cause)}`,
    { cause },
  );
}

export function templateInUse(path: string, cause: unknown): IsolationError {
  return new IsolationError(
    'DBI_TEMPLATE_IN_USE',
    `The new template ${path} could not be sealed because another connection to it is open. Most likely a migration ` +
      'or a seed opened a connection of its own: close it before the migration ends.',
    { cause },
  );
}

export function templateUnfinished(leaks: readonly string[]): IsolationError {
  return new IsolationError(
    'DBI_TEMPLATE_IN_USE',
    `The schema source was done, but not finished: ${leaks.join('; ')}. Most likely a migration or a seed does not await ` +
      'a query, or does not commit a transaction.',
  );
}

export function templateTimeout(fingerprint: string, milliseconds: number): IsolationError {
  return new IsolationError(
    'DBI_TEMPLATE_TIMEOUT',
    `Template ${fingerprint} was not built within ${milliseconds / 1000} s, neither here nor by another process. Most ` +
      'likely a migration or a seed hangs: look for what it waits for, and for a stuck test process. If building it ' +
      'really takes that long, raise the option "templateTimeout" of the engine.',
  );
}

export function databaseInUse(name: string, by: string, cause: unknown): IsolationError {
  return new IsolationError(
    'DBI_DATABASE_IN_USE',
    `The database ${name} could not be removed: ${by}. End what uses it; the next run removes the database.`,
    { cause },
  );
}

export function noLease(): IsolationError {
  return new IsolationError(
    'DBI_NO_LEASE',
    'No test with a database is running. current() works inside a test or a beforeEach hook of a suite that is ' +
      'isolated with isolateEachTest() or isolationHooks(), and inside isolation.run(); not at import time, in ' +
      'before() or in after(). If the whole suite should be isolated, load the file that calls isolationHooks() with ' +
      '--require, or "require" in .mocharc.json.',
  );
}

export function tooEarlyOrLate(): IsolationError {
  return new IsolationError(
    'DBI_NO_LEASE',
    'No test of this suite is running, so it has no database. Read "db" or "lease" of what isolateEachTest() returned ' +
      'inside a test or in beforeEach and afterEach hooks; not in the body of describe(), in before() or in after(). ' +
      '"const { db } = isolateEachTest(isolation)" reads it too early: keep the whole object, and write database.db.',
  );
}

export function staleLease(title: string): IsolationError {
  return new IsolationError(
    'DBI_STALE_LEASE',
    `"${title}" has ended, but code that it started is still using its database. Most likely a promise was not ` +
      'awaited, or a timer or a server was left running: wait for it, or stop it, before the test ends.',
  );
}

export function ambiguousLease(count: number): IsolationError {
  return new IsolationError(
    'DBI_AMBIGUOUS_LEASE',
    `${count} databases are leased at this moment and the caller runs inside none of their tests, so there is no way ` +
      'to tell which one it means. Run the code inside isolation.run(), or hand the database over: ' +
      'createApp(lease.db). A database from acquire() counts until it is released.',
  );
}

export function ambiguousProvider(count: number): IsolationError {
  return new IsolationError(
    'DBI_AMBIGUOUS_LEASE',
    `The running test has ${count} databases of isolations that list this provider, so there is no way to tell which ` +
      'one it should answer. List the provider under "providers" of one isolation.',
  );
}

/**
 * @param driver what opened it, such as `better-sqlite3`.
 * @param target an absolute path or a URL without password.
 * @param place where in the code, as text; undefined when there is nothing to say about it.
 */
export function foreignDatabase(driver: string, target: string, place: string | undefined): IsolationError {
  return new IsolationError(
    'DBI_FOREIGN_DATABASE',
    `${driver} was about to open ${target}${place ? ` at ${place}` : ''}, which is not the running test's database. ` +
      'Most likely the code under test makes a connection of its own, at import time or from its own configuration: ' +
      "hand it the test's database (createApp(database.db)), or make its factory a provider. If tests need this " +
      'database anyway, list it: createIsolation({ guard: { allow: [pattern] } }).',
  );
}

/** @param leaks as text, one each. */
export function leaked(title: string, leaks: readonly string[]): IsolationError {
  return withList(new IsolationError('DBI_LEAK', `"${title}" leaked.`), leaks);
}

/**
 * @param ofTests as text, with the test's title in front.
 * @param ofNone the same for what belongs to no test.
 */
export function leakedLate(ofTests: readonly string[], ofNone: readonly string[]): IsolationError {
  const what = ['These leaks could not fail a test any more, or belong to none.'];
  if (ofTests.length > 0) what.push('Wait for what a test starts, or stop it, before the test ends.');
  if (ofNone.length > 0)
    what.push('What is outside of all tests most likely ran when a module was loaded, or in before().');
  return withList(new IsolationError('DBI_LEAK', what.join(' ')), [...ofTests, ...ofNone]);
}

export function notIsolated(promise: string, why: string, cause?: unknown): IsolationError {
  return new IsolationError(
    'DBI_NOT_ISOLATED',
    `This set-up does not isolate. What does not hold: "${promise}". ${why}`,
    { cause },
  );
}

export function alreadyOverridden(): IsolationError {
  return new IsolationError(
    'DBI_ALREADY_OVERRIDDEN',
    'This provider is overridden already. Call the restore function of the first override() before the next one; ' +
      'a provider listed under "providers" is overridden in every test and needs no override() of its own.',
  );
}

/** @param name of an environment variable that is to lead to two databases. */
export function variableOverridden(name: string): IsolationError {
  return new IsolationError(
    'DBI_ALREADY_OVERRIDDEN',
    `The environment variable ${name} leads to the database of another test already, and cannot lead to two. Most likely ` +
      'tests run concurrently in this process: hand each its address (lease.url), and leave the variable out of the ' +
      'option "env" of urlClient(); or run them one after another. A database from acquire() counts until it is released.',
  );
}

export function hooksNotRun(): IsolationError {
  return new IsolationError(
    'DBI_HOOKS_NOT_RUN',
    'isolationHooks() was called, but Mocha has not run the hooks. Mocha ignores the mochaHooks of a file that is ' +
      'loaded with --import or "import": load it with --require, or "require" in .mocharc.json, and export the hooks ' +
      'as "mochaHooks". If it already is, current() was called too early, while test files were being loaded: call ' +
      'it inside a test or a beforeEach hook.',
  );
}

export function noRunner(): IsolationError {
  return new IsolationError(
    'DBI_NO_RUNNER',
    'isolateEachTest() found no beforeEach and afterEach (or setup and teardown). Call it inside a describe block of a ' +
      'file that Mocha runs.',
  );
}

export function releaseFailed(title: string, causes: readonly unknown[]): IsolationError {
  return new IsolationError(
    'DBI_RELEASE_FAILED',
    `The database of "${title}" could not be given back cleanly: ${causes.map(messageOf).join('; ')}`,
    { cause: causes.length === 1 ? causes[0] : new AggregateError(causes) },
  );
}

export function foreignName(path: string): IsolationError {
  return new IsolationError(
    'DBI_FOREIGN_NAME',
    `${path} was not made by this library, so it is not removed. Remove it by hand if it is no longer needed.`,
  );
}

export function closed(): IsolationError {
  return new IsolationError(
    'DBI_CLOSED',
    'This isolation is closed, so no database can be acquired from it. Close it after the last test, or make a new ' +
      'one with createIsolation().',
  );
}

/** Whether something is an error. In Jest, those of Node and of native modules are no instances of the test's `Error`. */
export function isErrorLike(thrown: unknown): thrown is Error & { readonly [property: string]: unknown } {
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'stack' in thrown;
}

/** The errors that one error stands for; itself for one that stands for no others. */
export function errorsIn(thrown: unknown): readonly unknown[] {
  return isErrorLike(thrown) && Array.isArray(thrown.errors) ? thrown.errors : [thrown];
}

/** The message of anything that was thrown, also when it is not an Error. */
export function messageOf(thrown: unknown): string {
  return isErrorLike(thrown) ? thrown.message : String(thrown);
}

/** Whether `thrown` is a system error with this code, such as `ENOENT`. */
export function hasCode(thrown: unknown, ...codes: string[]): boolean {
  return isErrorLike(thrown) && codes.includes(String(thrown.code));
}

function withList(error: IsolationError, items: readonly string[]): IsolationError {
  error.message = [error.message, ...items.map((item) => `- ${item}`)].join('\n');
  return error;
}

/** A value as a message shows it: never the text of a function or the content of an object. */
function describe(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (typeof value === 'function') return `the function ${value.name || 'without a name'}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function loaderHint(file: string, cause: unknown): string {
  return /\.[cm]?ts$/.test(file) && hasCode(cause, 'ERR_UNKNOWN_FILE_EXTENSION')
    ? '. This process cannot load TypeScript: start it with "node --import tsx" or a similar loader'
    : '';
}
