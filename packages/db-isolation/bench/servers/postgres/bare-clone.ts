import pg from 'pg';
import { type Approach, whole } from '../../approach.ts';
import { QUERY } from '../one-query.ts';
import type { BenchmarkServer } from '../server.ts';

/** The strategies that every supported version has. */
const STRATEGIES = ['file_copy', 'wal_log'];

/** The limit: nothing but the database, one connection, and the end of the database, with either strategy. */
export function bareClones(server: BenchmarkServer, template: string): readonly Approach[] {
  return STRATEGIES.map((strategy) =>
    whole(rowOf(strategy), async () => {
      const name = server.newName();
      await server.admin(`create database ${name} template ${template} strategy = ${strategy}`);
      const client = new pg.Client(server.urlOf(name));
      await client.connect();
      await client.query(QUERY);
      await client.end();
      await server.admin(`drop database ${name}`);
    }),
  );
}

/** The row of the strategy that the library has found to be the fastest. */
export async function chosenRow(server: BenchmarkServer, template: string): Promise<string> {
  const [registry] = await server.admin(`
    select datname as name from pg_database
    where pg_get_userbyid(datdba) = current_user and datname like 'dbi\\_registry\\_%'`);
  const client = new pg.Client(server.urlOf(String(registry?.['name'])));
  await client.connect();
  const { rows } = await client.query('select sealed_as from template where name = $1', [template]);
  await client.end();
  return rowOf(rows[0]?.sealed_as);
}

function rowOf(strategy: string): string {
  return `raw: create database … ${strategy}, query, drop`;
}
