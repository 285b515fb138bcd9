import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createIsolation, type Engine, type Isolation, type IsolationOptions } from '@acme/db-isolation';
import { type AddressVariables, type DatabasePlace, urlClient } from '@acme/db-isolation/clients/url';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { useGuard } from '../guard/use-guard.ts';
import { engineOn } from '../support/clients-under-test.ts';
import { failure, rejection } from '../support/rejections.ts';
import { sqlSchema } from '../support/schemas.ts';
import { describeWith } from '../support/servers/available.ts';
import { connect } from '../support/sql.ts';
import { fileOf, setEnvironment, useWorkspace } from '../support/workspace.ts';

/** How a program of the app reaches a database of one kind, with nothing of this library. */
interface Kind {
  readonly engine: () => Engine;
  /** What leads there, for the program below. */
  readonly env: AddressVariables;
  open(url: string): Promise<Connection>;
  /** JavaScript that connects to where the variable TEST_URL leads, runs `sql`, and then runs `then`. */
  program(sql: string, then: string): string;
  /** A statement that stands in the body of another one. */
  readonly trigger: string;
}

interface Connection {
  words(table?: string): Promise<readonly unknown[]>;
  run(sql: string): Promise<unknown>;
  end(): unknown;
}

const wordsIn = (table = 'word') => `select text from ${table} order by text`;
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

const SQLITE: Kind = {
  engine: () => sqlite(),
  env: { TEST_URL: ({ filename }) => filename },
  async open(url) {
    const database = new Database(fileOf({ url }));
    return {
      words: async (table) => database.prepare(wordsIn(table)).pluck().all(),
      run: async (sql) => database.exec(sql),
      end: () => database.close(),
    };
  },
  program: (sql, then) => `
    const connection = new (require('better-sqlite3'))(process.env.TEST_URL);
    connection.exec(${JSON.stringify(sql)});
    ${then};`,
  trigger: `create trigger shout after insert on word begin
    insert into log values (new.text || ';'); insert into log values ('it''s; logged');
  end;`,
};

const onServer = (dialect: 'postgres' | 'mysql', server: string): Kind => ({
  engine: () => engineOn(dialect, server),
  env: ['TEST_URL'],
  async open(url) {
    const sql = await connect(url);
    return { words: (table) => sql.values(wordsIn(table)), run: (text) => sql.rows(text), end: () => sql.end() };
  },
  program: (sql, then) => `
    const connection = ${
      dialect === 'postgres'
        ? "new (require('pg').Client)(process.env.TEST_URL); connection.connect()"
        : "require('mysql2').createConnection(process.env.TEST_URL)"
    };
    connection.on('error', () => undefined);
    connection.query(${JSON.stringify(sql)}, (error) => { if (error) throw error; ${then}; });`,
  trigger: {
    postgres: `create function shout() returns trigger language plpgsql as $body$ begin
        insert into log values (new.text || ';'); insert into log values ('it''s; logged'); return new; -- $1
      end $body$;
      create trigger shout after insert on word for each row execute function shout();`,
    mysql: `create trigger shout after insert on word for each row begin
        insert into log values (concat(new.text, ';')); insert into log values ('it''s; logged');
      end;`,
  }[dialect],
});

describe('urlClient', () => {
  describe('on SQLite', () => onKind(SQLITE));
  describeWith('postgres', 'on PostgreSQL', (server) => onKind(onServer('postgres', server)));
  describeWith('mysql', 'on MariaDB and MySQL', (server) => onKind(onServer('mysql', server)));
  describe('options', options);
});

type Options = Partial<IsolationOptions<string>>;

function useIsolations(kind: Kind): (options?: Options) => Isolation<string> {
  const workspace = useWorkspace();
  return (options) => {
    const schema = sqlSchema("create table word (text varchar(200)); insert into word values ('first')");
    const isolation = createIsolation({
      engine: kind.engine(),
      client: urlClient(),
      schema,
      keep: 'never',
      ...options,
    });
    workspace.atEnd(() => isolation.close());
    return isolation;
  };
}

function onKind(kind: Kind): void {
  const isolationWith = useIsolations(kind);
  const guard = useGuard();
  const children: ChildProcess[] = [];
  afterEach(async () => {
    setEnvironment('TEST_URL', undefined);
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  const during = async <T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> => {
    const connection = await kind.open(url);
    try {
      return await work(connection);
    } finally {
      await connection.end();
    }
  };
  /** A program that inherits the environment as it is now. */
  const start = (script: string) => {
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const;
    const child = spawn(process.execPath, ['-e', script], { cwd: PACKAGE, stdio: [...stdio] });
    children.push(child);
    return child;
  };

  it('hands out the address of a database of its own', async () => {
    const isolation = isolationWith();
    const [one, two] = [await isolation.acquire(), await isolation.acquire()];
    expect(one.db).to.equal(one.url).and.not.equal(two.db);
    await during(one.db, (connection) => connection.run("insert into word values ('only in one')"));
    expect(await during(one.db, (connection) => connection.words())).to.deep.equal(['first', 'only in one']);
    expect(await during(two.db, (connection) => connection.words())).to.deep.equal(['first']);
    for (const lease of [one, two]) {
      expect(await lease.release()).to.deep.include({ outcome: 'dropped', leaks: [] });
      await failure('DBI_STALE_LEASE', () => lease.db);
    }
  });

  it('executes texts of several statements that have others in their bodies', async () => {
    const schema = sqlSchema(`
      create table word (text varchar(200)); create table log (text varchar(200)); -- one; two
      ${kind.trigger}
      insert into word values ('a;b');`);
    await isolationWith({ schema }).run('reads', ({ db }) =>
      during(db, async (connection) => {
        expect(await connection.words()).to.deep.equal(['a;b']);
        expect(await connection.words('log')).to.deep.equal(['a;b;', "it's; logged"]);
      }),
    );
  });

  it('passes on what a statement throws, and lets nobody execute anything after the end', async () => {
    const failing = isolationWith({ schema: sqlSchema('insert into nowhere values (1)') });
    expect((await rejection(failing.acquire())).message).to.contain('nowhere');
    let execute: ((sql: string) => Promise<void>) | undefined;
    const schema = customSchema<string>({
      fingerprint: 'keeps its tools',
      async apply(_url, tools) {
        execute = tools.execute;
        await tools.execute('create table word (text varchar(200))');
      },
    });
    await isolationWith({ schema }).run('anything', () => undefined);
    // Another run may have built this template already.
    if (execute) expect((await rejection(execute('select 1'))).message).to.contain('given back');
  });

  // SQLite executes at once.
  if (kind !== SQLITE) {
    it('says of what is still being executed when the template is done that it was not awaited', async () => {
      const schema = customSchema<string>({
        fingerprint: `does not wait ${randomUUID()}`, // a server would keep a template that should not be there
        async apply(_url, { execute }) {
          execute('create table word (text varchar(200))').catch(() => undefined);
        },
      });
      await failure('DBI_TEMPLATE_IN_USE', () => isolationWith({ schema }).acquire());
    });
  }

  it('leads to it by environment variables while the test runs, also from a child process', async () => {
    const isolation = isolationWith({ client: urlClient({ env: kind.env }) });
    for (const before of ['before', undefined]) {
      setEnvironment('TEST_URL', before);
      const lease = await isolation.acquire();
      const child = start(kind.program("insert into word values ('of a child')", 'process.exit(0)'));
      const [code] = await once(child, 'exit');
      expect(code).to.equal(0);
      expect(await during(lease.url, (connection) => connection.words())).to.deep.equal(['first', 'of a child']);
      const released = lease.release();
      expect(process.env['TEST_URL'], 'as soon as the test has ended').to.equal(before);
      expect((await released).leaks).to.deep.equal([]);
      expect('TEST_URL' in process.env).to.equal(before !== undefined);
    }
  });

  it('lets a guarded test open its database, and no other', async () => {
    const isolation = isolationWith();
    guard.arm();
    const [one, two] = [await isolation.acquire(), await isolation.acquire()];
    expect(await during(one.db, (connection) => connection.words())).to.deep.equal(['first']);
    const { url } = two;
    await two.release();
    expect(guard.violations).to.deep.equal([]);
    await rejection(during(url, (connection) => connection.words()));
    // better-sqlite3 itself looks whether the directory is there, and it is not.
    const violations = kind === SQLITE ? [] : ['foreign-database'];
    expect(guard.violations.map((leak) => leak.kind)).to.deep.equal(violations);
    expect(await one.release()).to.deep.include({ outcome: 'dropped', leaks: [] });
  });

  it('reports a connection of this process that is still open, with its place, and ends it', async () => {
    const isolation = isolationWith();
    guard.arm();
    const lease = await isolation.acquire();
    const connection = await kind.open(lease.db);
    await connection.run('begin');
    await connection.run("insert into word values ('uncommitted')");
    const { outcome, leaks } = await lease.release();
    expect(outcome).to.equal('dropped');
    expect(leaks.map((leak) => leak.kind)).to.deep.equal(['open-connection']);
    expect(leaks[0]?.place).to.match(/test\/(?:clients\/url\.test|support\/sql)\.ts/);
    await rejection(connection.words());
    await isolation.close(); // which tells when a database could not be removed
  });

  it('removes a database to which connections are still open also when nobody is guarded', async () => {
    const isolation = isolationWith();
    const lease = await isolation.acquire();
    const connection = await kind.open(lease.db);
    await connection.run('begin');
    expect(await lease.release()).to.deep.include({ outcome: 'dropped' });
    await isolation.close();
    if (kind !== SQLITE) await rejection(connection.words());
  });

  it('reports a child process that is still connected, and says no word of one that has ended', async () => {
    const isolation = isolationWith({ client: urlClient({ env: kind.env }) });
    guard.arm();
    const first = await isolation.acquire();
    await once(start(kind.program("insert into word values ('x')", 'process.exit(0)')), 'exit');
    expect((await first.release()).leaks).to.deep.equal([]);

    const second = await isolation.acquire();
    const staying = "setInterval(() => connection, 1000); process.send('connected')";
    await once(start(kind.program("insert into word values ('x')", staying)), 'message');
    const { outcome, leaks } = await second.release();
    expect(leaks.map((leak) => leak.kind)).to.deep.equal(['open-connection']);
    expect(leaks[0]?.message).to.contain('process');
    expect(outcome).to.equal('dropped');
    await isolation.close();
  });
}

function options(): void {
  const isolationWith = useIsolations(SQLITE);
  const variables = ['URL_TEST_A', 'URL_TEST_B', 'URL_TEST_C'];
  afterEach(() => {
    for (const name of variables) setEnvironment(name, undefined);
  });
  const values = () => variables.map((name) => process.env[name]);

  it('gives a variable the form that a function makes, and removes one for which it makes none', async () => {
    setEnvironment('URL_TEST_B', 'before');
    const env = {
      URL_TEST_A: ({ filename, dialect }: DatabasePlace) => `${dialect} file:${filename}`,
      URL_TEST_B: ({ password }: DatabasePlace) => password,
    };
    await isolationWith({ client: urlClient({ env }) }).run('reads', ({ url }) => {
      expect(values()).to.deep.equal([`sqlite file:${fileOf({ url })}`, undefined, undefined]);
    });
    expect(values()).to.deep.equal([undefined, 'before', undefined]);
  });

  it('knows the pieces of every address', async () => {
    const client = (seen: (place: DatabasePlace) => void) => {
      return urlClient({ env: { URL_TEST_A: (place) => void seen(place) as undefined } });
    };
    const pieces = async (dialect: 'postgres' | 'mysql', url: string) => {
      let place: DatabasePlace | undefined;
      const one = client((given) => {
        place = given;
      });
      await one.close(await one.open({ dialect, url, maxConnections: 1 }));
      const { url: _, dialect: __, ...rest } = place ?? expect.fail('no function was called');
      return rest;
    };
    expect(
      await pieces('postgres', 'postgresql://us%40er:pa%3Ass@[::1]:6543/na%20me?options=-c%20a%3Db'),
    ).to.deep.equal({
      ...{ host: '::1', port: '6543', user: 'us@er', password: 'pa:ss', database: 'na me' },
    });
    expect(await pieces('postgres', 'postgres://me@/name?host=/run/postgresql&password=secret')).to.deep.equal({
      ...{ host: '/run/postgresql', port: '5432', user: 'me', password: 'secret', database: 'name' },
    });
    expect(await pieces('mysql', 'mysql://root@db.example/name')).to.deep.equal({
      ...{ host: 'db.example', port: '3306', user: 'root', database: 'name' },
    });
  });

  it('refuses to lead one variable to two databases at the same time, in one isolation or in two', async () => {
    const isolation = isolationWith({ client: urlClient({ env: ['URL_TEST_A', 'URL_TEST_B'] }) });
    const other = isolationWith({ client: urlClient({ env: ['URL_TEST_C', 'URL_TEST_B'] }) });
    await other.run('builds its template', () => undefined);
    const lease = await isolation.acquire();
    for (const second of [isolation, other]) {
      const error = await failure('DBI_ALREADY_OVERRIDDEN', () => second.acquire());
      expect(error.message).to.match(/variable URL_TEST_[AB] .*lease\.url/);
    }
    expect(values()).to.deep.equal([lease.url, lease.url, undefined]);
    await isolationWith({ client: urlClient({ env: ['URL_TEST_C'] }) }).run('another variable', ({ url }) => {
      expect(values()).to.deep.equal([lease.url, lease.url, url]);
    });
    await isolationWith().run('no variable', ({ url }) => expect(values()).not.to.include(url));
    await lease.release();
    expect(values()).to.deep.equal([undefined, undefined, undefined]);
    await other.run('now', ({ url }) => expect(values()).to.deep.equal([undefined, url, url]));
  });

  it('sets the variables while the template is built as well, to the database that is being built', async () => {
    let seen: unknown;
    const schema = customSchema<string>({
      fingerprint: 'reads its environment',
      async apply(url, { execute }) {
        seen = [url, process.env['URL_TEST_A']];
        await execute('create table word (text text)');
      },
    });
    const client = urlClient({ env: ['URL_TEST_A'] });
    await isolationWith({ client, schema }).run('reads', ({ url }) => {
      expect(process.env['URL_TEST_A']).to.equal(url);
      expect(seen).to.be.an('array').and.not.include(url);
      expect((seen as unknown[])[0]).to.equal((seen as unknown[])[1]);
    });
    const failing = customSchema<string>({ fingerprint: 'fails', apply: () => Promise.reject(new Error('failed')) });
    await rejection(isolationWith({ client, schema: failing }).acquire());
    expect(values()).to.deep.equal([undefined, undefined, undefined]);
  });

  it('has a fingerprint that is the same every time, and another one for other variables', async () => {
    const print = (env?: AddressVariables) => urlClient(env && { env }).fingerprint();
    const prints = [await print(), await print(['A']), await print(['B']), await print({ A: ({ url }) => url })];
    expect(new Set(prints).size).to.equal(prints.length);
    expect(await print(['A'])).to.equal(prints[1]);
  });

  it('refuses what is no list of variables', async () => {
    for (const env of ['DATABASE_URL', 7, [''], [7], ['A=B'], { A: 'text' }, null]) {
      await failure('DBI_INVALID_OPTION', () => urlClient({ env: env as never }));
    }
    const client = urlClient({ env: { URL_TEST_A: () => 7 as never } });
    const error = await failure('DBI_INVALID_OPTION', () => isolationWith({ client }).acquire());
    expect(error.message).to.contain('URL_TEST_A');
  });
}
