import knex from 'knex';
import mysql2 from 'mysql2/promise';
import pg from 'pg';

/** Connects to a URL, asks for the name of the database, and ends the connection. */
export type Open = (url: string, options?: object) => Promise<unknown>;

const QUIET = { error() {}, warn() {} };

/** The ways in which an app reaches a server. */
export const OPENS: Readonly<Record<'postgres' | 'mysql', Readonly<Record<string, Open>>>> = {
  postgres: {
    'pg.Client': async (connectionString, options) => {
      const client = new pg.Client({ connectionString, ...options });
      await client.connect();
      return nameIn((await client.query('select current_database() as name')).rows).finally(() => client.end());
    },
    'pg.Pool': async (connectionString, options) => {
      const pool = new pg.Pool({ connectionString, ...options });
      return pool
        .query('select current_database() as name')
        .then(({ rows }) => nameIn(rows))
        .finally(() => pool.end());
    },
    Knex: (connectionString, options) => {
      const connection = { connectionString, ...options };
      const db = knex({ client: 'pg', connection, log: QUIET });
      const query = db.select(db.raw('current_database() as name'));
      return Promise.resolve(query.then(nameIn)).finally(() => db.destroy());
    },
  },
  mysql: {
    createConnection: async (uri, options) => {
      const connection = await mysql2.createConnection({ uri, ...options });
      return connection
        .query('select database() as name')
        .then(([rows]) => nameIn(rows))
        .finally(() => connection.end());
    },
    createPool: async (uri, options) => {
      const pool = mysql2.createPool({ uri, ...options });
      return pool
        .query('select database() as name')
        .then(([rows]) => nameIn(rows))
        .finally(() => pool.end());
    },
    Knex: (uri, options) => {
      const connection = { uri, ...options };
      const db = knex({ client: 'mysql2', connection: connection as object, log: QUIET });
      const query = db.select(db.raw('database() as name'));
      return Promise.resolve(query.then(nameIn)).finally(() => db.destroy());
    },
  },
};

async function nameIn(rows: unknown): Promise<unknown> {
  return (rows as { name: unknown }[])[0]?.name;
}
