import mysql2 from 'mysql2/promise';
import { type Approach, whole } from '../../approach.ts';
import { QUERY } from '../one-query.ts';
import type { BenchmarkServer } from '../server.ts';

export const BARE_REPLAY = 'raw: create tables, insert … select, query, drop';

/**
 * The limit: there is no command that copies a database, so nothing but its tables, their rows, one connection, and the
 * end of the database; made in one trip to the server.
 */
export async function bareReplay(server: BenchmarkServer, template: string): Promise<Approach> {
  const rows = await server.admin(`show tables from ${template}`);
  const tables = rows.flatMap((row) => Object.values(row).map(String));
  const create = await Promise.all(tables.map((table) => createStatement(server, `${template}.${table}`)));
  const fill = tables.map((table) => `insert into ${table} select * from ${template}.${table}`);
  const replay = ['set foreign_key_checks = 0, unique_checks = 0', ...create, ...fill].join('; ');
  return whole(BARE_REPLAY, async () => {
    const name = server.newName();
    await server.admin(`create database ${name}; use ${name}; ${replay}`);
    const connection = await mysql2.createConnection({ uri: server.urlOf(name) });
    await connection.query(QUERY);
    await connection.end();
    await server.admin(`drop database ${name}`);
  });
}

async function createStatement(server: BenchmarkServer, table: string): Promise<string> {
  const [row = {}] = await server.admin(`show create table ${table}`);
  return String(row['Create Table']);
}
