import { randomBytes } from 'node:crypto';
import mysql, { type Connection } from 'mysql2/promise';
import { createMysqlDialect } from '../../src/engines/mysql/mysql-dialect.ts';
import type { AdminConnection, ServerDialect } from '../../src/engines/server/dialect.ts';

/** What tests of one dialect work with; everything that they make is gone after each test. */
export interface Scratch {
  readonly dialect: ServerDialect;
  readonly admin: AdminConnection;
  /** A name that is dropped at the end, whether or not it came to anything. */
  name(): string;
  /** An open connection of a test, as its app would have one. */
  connect(database?: string): Promise<Connection>;
  /** A database on which these statements were run, not sealed yet. */
  template(...statements: readonly string[]): Promise<string>;
  /** A sealed template, and a clone of it. */
  clone(template: string): Promise<string>;
}

/** Call it in a describe block. */
export function scratchDatabases(url: string): Scratch {
  const dialect = createMysqlDialect('server', url);
  const names: string[] = [];
  const connections: Connection[] = [];
  let admin: AdminConnection;

  before(async () => {
    admin = await dialect.connect();
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.destroy();
    for (const name of names.splice(0)) await dialect.drop(admin, name);
  });
  after(() => admin.close());

  const scratch: Scratch = {
    dialect,
    get admin() {
      return admin;
    },
    name() {
      const name = `dbi_scratch_${randomBytes(6).toString('hex')}`;
      names.push(name);
      return name;
    },
    async connect(database = '') {
      const connection = await mysql.createConnection({ uri: dialect.url(database), multipleStatements: true });
      connection.on('error', () => {}); // the server may end it
      connections.push(connection);
      return connection;
    },
    async template(...statements) {
      const name = scratch.name();
      await dialect.create(admin, name);
      const connection = await scratch.connect(name);
      for (const statement of statements) await connection.query(statement);
      await connection.end();
      return name;
    },
    async clone(template) {
      const name = scratch.name();
      const how = await dialect.seal(admin, template, scratch.name());
      if (!(await dialect.clone(admin, template, name, how))) throw new Error(`${template} has gone`);
      return name;
    },
  };
  return scratch;
}
