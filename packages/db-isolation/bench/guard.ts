// npm run bench:guard [-- --rounds 0.2]: what the guard costs an app whose connections it lets in, armed and disarmed in turn,
// and what guard, fence and leak report together cost a Knex instance, beside one that the app makes itself.
// What has no server, as named by DB_ISOLATION_POSTGRES_URL and DB_ISOLATION_MYSQL_URL, is left out.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import knex, { type Knex } from 'knex';
import mysql2 from 'mysql2/promise';
import pg from 'pg';
import { knexClient } from '../src/clients/knex.ts';
import type { Address } from '../src/engines/engine.ts';
import { guard, permit } from '../src/guard/guard.ts';
import { type Approach, time } from './approach.ts';
import { machine, memoryDirectory } from './machine.ts';
import { measure } from './measure.ts';
import { summarise } from './statistics.ts';

/** Something that an app does, so many times in a row when one is too short to be measured. */
interface Case {
  readonly name: string;
  readonly times: number;
  run(armed: boolean): Promise<unknown> | unknown;
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '1' } } });
const rounds = Math.max(3, Math.round(300 * Number(values.rounds)));
const directory = mkdtempSync(join(memoryDirectory(), 'db-isolation-bench-'));
const file = join(directory, 'db.sqlite');
const { DB_ISOLATION_POSTGRES_URL: postgresUrl, DB_ISOLATION_MYSQL_URL: mysqlUrl } = process.env;
const ends: (() => unknown)[] = [() => rmSync(directory, { recursive: true })];
try {
  console.log(machine());
  console.log(`Microseconds for one, medians of ${rounds} rounds, with and without in turn, in a random order.\n`);
  console.log(row('what', 'without', 'with', 'more', 'ratio', 'p95', 'p95 with'));
  for (const one of [...sqliteCases(), ...(await postgresCases()), ...(await mysqlCases())]) await report(one);
} finally {
  for (const end of ends.reverse()) await end();
}

async function report(one: Case): Promise<void> {
  const approaches = [false, true].map((armed) => approachOf(one, armed));
  const durations = await measure(approaches, { all: rounds, slow: 1 }, new AbortController().signal);
  const [disarmed, armed] = ['disarmed', 'armed'].map((name) => summarise(durations.get(name) ?? []));
  if (!disarmed || !armed) return;
  const micro = (milliseconds: number) => ((milliseconds / one.times) * 1000).toPrecision(3);
  const ratio = (armed.median / disarmed.median).toFixed(2);
  const more = micro(armed.median - disarmed.median);
  console.log(
    row(one.name, micro(disarmed.median), micro(armed.median), more, ratio, micro(disarmed.p95), micro(armed.p95)),
  );
}

function approachOf({ times, run }: Case, armed: boolean): Approach {
  return {
    async round(note) {
      const disarm = armed ? arm() : undefined;
      const all = async () => {
        for (let count = 0; count < times; count += 1) await run(armed);
      };
      note(armed ? 'armed' : 'disarmed', await time(all));
      disarm?.();
    },
  };
}

function sqliteCases(): Case[] {
  permit(sqliteAddress(file));
  const db = new Database(file);
  ends.push(() => db.close());
  const insert = `insert into note (text) values ${"('some text that is as long as texts are'), ".repeat(20)}('last')`;
  db.exec('create table note (id integer primary key, text text)');
  const other = sqliteAddress(join(directory, 'other', 'db.sqlite'));
  return [
    { name: 'better-sqlite3: open, close', times: 50, run: () => new Database(file).close() },
    {
      name: 'better-sqlite3: prepare a short text',
      times: 500,
      run: () => db.prepare('select * from note where id = ?'),
    },
    { name: 'better-sqlite3: prepare 1 kB', times: 500, run: () => db.prepare(insert) },
    knexCase('better-sqlite3', { filename: file }, sqliteAddress(file)),
    { name: 'a permit, until its database is closed', times: 50, run: () => permit(other).closeRest() },
  ];
}

async function postgresCases(): Promise<Case[]> {
  if (!postgresUrl) return [];
  const url = withDatabase(postgresUrl, 'postgres');
  const address: Address = { dialect: 'postgres', url, maxConnections: 1 };
  permit(address);
  const visit = async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('select 1');
    await client.end();
  };
  return [{ name: 'pg: connect, query, end', times: 1, run: visit }, knexCase('pg', url, address)];
}

async function mysqlCases(): Promise<Case[]> {
  if (!mysqlUrl) return [];
  const uri = withDatabase(mysqlUrl, 'mysql');
  const address: Address = { dialect: 'mysql', url: uri, maxConnections: 1 };
  permit(address);
  const visit = async () => {
    const connection = await mysql2.createConnection({ uri });
    await connection.query('select 1');
    await connection.end();
  };
  // A connection is watched for as long as it lives, if the guard was armed when it was made.
  const unwatched = await mysql2.createConnection({ uri });
  const disarm = arm();
  const watched = await mysql2.createConnection({ uri });
  disarm();
  ends.push(() => Promise.all([unwatched.end(), watched.end()]));
  return [
    { name: 'mysql2: connect, query, end', times: 1, run: visit },
    knexCase('mysql2', uri, address),
    { name: 'mysql2: query', times: 20, run: (armed) => (armed ? watched : unwatched).query('select 1') },
  ];
}

/** A Knex instance for one test: made, used in a transaction, ended. With: by the library's client, and fenced first. */
function knexCase(client: string, connection: string | object, address: Address): Case {
  const library = knexClient();
  const use = (db: Knex) => db.transaction(async (trx) => void (await trx.select(trx.raw('1'))));
  return {
    name: `Knex, ${client}: make, transaction, end`,
    times: 1,
    async run(armed) {
      if (!armed) {
        const db = knex({ client, connection, pool: { min: 0, max: 1 }, useNullAsDefault: true });
        await use(db);
        return db.destroy();
      }
      const db = await library.open(address);
      await use(db);
      library.fence(db, () => new Error('over'));
      return library.close(db);
    },
  };
}

function arm(): () => void {
  return guard({ allow: [], violated: () => true });
}

function sqliteAddress(filename: string): Address {
  return { dialect: 'sqlite', url: `sqlite://${filename}`, filename, onConnect: [] };
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(42) + cells.map((cell) => cell.padStart(11)).join('');
}
