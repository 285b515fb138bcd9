import type { ErrorCode } from '../../src/errors.ts';
import type { LeakKind } from '../../src/leaks.ts';
import type { EngineName } from './support/connect.ts';

/** What has to come of a leak with the library: nothing of it is seen anywhere, or it is reported as all of these and nothing else. */
export type Expected = 'isolated' | readonly (LeakKind | ErrorCode | 'exit status')[];

/** A leak with a suite of its own, `suites/<name>.leak.ts`. */
export interface PlantedLeak {
  readonly name: string;
  /** What the test does, for the table in the docs. */
  readonly what: string;
  /** Where it applies, with what is expected there. */
  readonly on: { readonly [engine in EngineName]?: Expected };
  /** How the test ends without any library: `fails` in Mocha by itself, `dies` with its process. Default: `passes`. */
  readonly ends?: 'passes' | 'fails' | 'dies';
}

function everywhere(expected: Expected): PlantedLeak['on'] {
  return { sqlite: expected, postgres: expected, mysql: expected };
}

function onServers(expected: Expected): PlantedLeak['on'] {
  return { postgres: expected, mysql: expected };
}

/** All planted leaks, in the order of the table. */
export const catalogue: readonly PlantedLeak[] = [
  // Which database the code uses
  { name: 'module-level-handle', what: 'a handle made at import time', on: everywhere(['foreign-database']) },
  {
    name: 'url-from-import',
    what: 'a connection to the URL that was read at import time',
    on: everywhere(['foreign-database']),
  },
  {
    name: 'swallowed-error',
    what: 'a route that opens the production database, catches the error and answers 200',
    on: everywhere(['foreign-database']),
  },
  {
    name: 'rows-in-before',
    what: 'rows written through the app’s factory in `before()`',
    on: everywhere(['foreign-database']),
  },
  {
    name: 'real-database-by-another-name',
    what: 'the production database by another path or host name',
    on: everywhere(['foreign-database']),
  },
  { name: 'symlink', what: 'the production database by a symbolic link', on: { sqlite: ['foreign-database'] } },
  { name: 'attach', what: '`ATTACH` of the production database', on: { sqlite: ['foreign-database'] } },
  {
    name: 'attach-and-write',
    what: '`ATTACH` of the production database, a write, `DETACH`',
    on: { sqlite: ['foreign-database'] },
  },
  {
    name: 'second-pool',
    what: 'a second pool to the test’s database, not closed in the test',
    on: everywhere(['open-connection']),
  },
  {
    name: 'kept-url',
    what: 'the database opened by its URL after the test’s end',
    // SQLite’s driver itself finds no such directory any more.
    on: { sqlite: 'isolated', ...onServers(['foreign-database']) },
  },
  {
    name: 'overridden-twice',
    what: 'a second override of the app’s factory',
    on: everywhere(['DBI_ALREADY_OVERRIDDEN']),
  },
  {
    name: 'override-without-restore',
    what: 'an override of the app’s factory in `before()`, never taken back',
    on: everywhere('isolated'),
  },
  { name: 'changed-environment', what: 'environment variables that factories read', on: everywhere('isolated') },
  { name: 'changed-directory', what: 'another working directory', on: everywhere('isolated') },

  // What stays in the database
  { name: 'truncate-table', what: '`TRUNCATE`', on: everywhere('isolated') },
  { name: 'sequence-consumed', what: 'ids consumed', on: everywhere('isolated') },
  { name: 'hard-coded-id', what: 'ids consumed before a test that relies on them', on: everywhere('isolated') },
  { name: 'ddl', what: 'DDL: a table and a column more', on: everywhere('isolated') },
  { name: 'dropped-table', what: 'DDL: a table less', on: everywhere('isolated') },
  { name: 'trigger', what: 'DDL: a trigger', on: everywhere('isolated') },
  { name: 'pragma', what: '`PRAGMA`s', on: { sqlite: 'isolated' } },
  { name: 'session-setting', what: 'settings of a session', on: onServers('isolated') },
  { name: 'server-setting', what: 'a setting of the whole server', on: onServers(['server-setting']) },
  { name: 'server-user', what: 'a user of the whole server', on: onServers(['server-setting']) },

  // What stays in a connection
  { name: 'cached-statement', what: 'a cached prepared statement', on: { sqlite: ['late-use'] } },
  { name: 'named-statement', what: 'a named prepared statement', on: onServers('isolated') },
  {
    name: 'temporary-table',
    what: 'a temporary table on a pooled connection',
    on: everywhere(['temporary-table']),
  },
  { name: 'advisory-lock', what: 'an advisory lock', on: onServers(['advisory-lock']) },
  { name: 'listen', what: '`LISTEN`', on: { postgres: ['listener'] } },
  {
    name: 'unreleased-connection',
    what: 'a connection not given back',
    on: everywhere(['unreleased-connection']),
  },
  { name: 'open-cursor', what: 'a cursor not read to its end', on: everywhere(['open-cursor']) },
  {
    name: 'unawaited-query',
    what: 'a query that nobody awaits',
    on: { sqlite: 'isolated', ...onServers(['running-query']) },
  },

  // Transactions
  { name: 'unfinished-transaction', what: 'a transaction without an end', on: everywhere(['open-transaction']) },
  { name: 'nested-transaction', what: 'a nested transaction without an end', on: everywhere(['open-transaction']) },
  { name: 'begin-by-hand', what: '`BEGIN` by hand', on: everywhere(['open-transaction']) },
  { name: 'commit-by-hand', what: '`BEGIN` and `COMMIT` by hand', on: everywhere('isolated') },
  {
    name: 'transaction-outlives-test',
    what: 'a transaction that a timer commits after the test’s end',
    on: everywhere(['open-transaction', 'late-use']),
  },
  {
    name: 'deferred-constraint',
    what: 'a deferred constraint that `COMMIT` has to refuse',
    on: { sqlite: 'isolated', postgres: 'isolated' },
  },
  {
    name: 'failed-commit',
    what: 'a `COMMIT` that fails, without a `ROLLBACK`',
    on: { sqlite: ['open-transaction'], postgres: 'isolated' },
  },

  // What goes on after the test's end
  { name: 'late-timer-write', what: 'a timer that writes late', on: everywhere(['late-use']) },
  { name: 'late-get', what: 'a timer that asks for the database late', on: everywhere(['late-use']) },
  { name: 'captured-handle', what: 'a timer that writes late, by a captured handle', on: everywhere(['late-use']) },
  {
    name: 'captured-connection',
    what: 'a timer that writes late, by a captured connection of the driver',
    on: everywhere(['late-use']),
  },
  { name: 'late-promise', what: 'a promise that writes late', on: everywhere(['late-use']) },
  { name: 'late-request', what: 'a request sent and forgotten', on: everywhere(['late-use']) },
  { name: 'event-listener', what: 'a listener on an emitter of all tests', on: everywhere(['late-use']) },
  { name: 'shared-repository', what: 'an object of the app that keeps the first handle', on: everywhere(['late-use']) },
  { name: 'late-error', what: 'a timer that throws late', on: everywhere(['late-error']) },
  { name: 'unhandled-rejection', what: 'a promise that is rejected late', on: everywhere(['unhandled-rejection']) },
  {
    name: 'unhandled-rejection-at-once',
    what: 'a rejected promise that nobody handles',
    on: everywhere(['unhandled-rejection']),
  },

  // Servers, threads and processes
  {
    name: 'server-kept-listening',
    what: 'a server with a captured handle that goes on listening',
    on: everywhere(['late-use']),
  },
  {
    name: 'keep-alive-agent',
    what: 'a connection to a shared server that the next test reuses',
    on: everywhere('isolated'),
  },
  {
    name: 'concurrent-requests',
    what: '20 requests at once to a server that listens since `before()`',
    on: everywhere('isolated'),
  },
  { name: 'worker-thread', what: 'a worker thread that writes late', on: everywhere(['open-connection']) },
  { name: 'child-process', what: 'a child process that writes late', on: everywhere(['open-connection']) },

  // Tests that do not end as they should
  { name: 'never-ends', what: 'a test that never ends', on: everywhere('isolated'), ends: 'fails' },
  {
    name: 'goes-on-after-timeout',
    what: 'a test that goes on after its timeout and writes',
    on: everywhere(['late-use']),
    ends: 'fails',
  },
  { name: 'done-twice', what: '`done()` called twice', on: everywhere('isolated'), ends: 'fails' },
  { name: 'retry', what: 'an attempt that fails, and a retry', on: everywhere('isolated') },
  { name: 'skipped', what: 'a test that skips itself in the middle', on: everywhere('isolated') },
  { name: 'failing-hook', what: 'a `beforeEach()` that fails', on: everywhere('isolated'), ends: 'fails' },
  { name: 'failing-after-hook', what: 'an `afterEach()` that fails', on: everywhere('isolated'), ends: 'fails' },
  { name: 'crash', what: 'a process that is killed', on: everywhere('isolated'), ends: 'dies' },
  { name: 'process-exit', what: '`process.exit(0)`', on: everywhere(['exit status']), ends: 'dies' },

  // The memory of the process
  { name: 'shared-fixture-object', what: 'an id kept in an object of all tests', on: everywhere('isolated') },
  { name: 'stubbed-clock', what: 'a stopped clock', on: everywhere('isolated') },
];
