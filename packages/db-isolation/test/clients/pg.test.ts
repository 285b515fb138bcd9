import { pgClient } from '@acme/db-isolation/clients/pg';
import { expect } from 'chai';
import type { Connection, Pool, PoolClient } from 'pg';
import { useClientTest } from '../contracts/client-contract.ts';
import { engineOn, pgUnderTest } from '../support/clients-under-test.ts';
import { failure, rejection } from '../support/rejections.ts';
import { describeWith } from '../support/servers/available.ts';

describeWith('postgres', 'pgClient', (url) => {
  const config = { application_name: 'the app', host: 'nowhere.invalid', database: 'no', max: 99 };
  const test = useClientTest(pgUnderTest(() => engineOn('postgres', url), { config }));
  const fence = (db: Pool) => test.client.fence(db, () => new Error('fenced off'));

  it('takes settings of the app, but neither its database nor the number of its connections', async () => {
    const db = await test.open();
    const { rows } = await db.query("select current_database() as name, current_setting('application_name') as app");
    expect(rows).to.deep.equal([{ name: new URL(test.address.url).pathname.slice(1), app: 'the app' }]);
    expect(db.options.max).to.equal(3);
    await test.client.close(db);
  });

  it('works with callbacks, which are refused after the fence as well', async () => {
    const db = await test.open();
    const connect = () =>
      new Promise<PoolClient>((resolve, reject) => {
        db.connect((error, client) => (client ? resolve(client) : reject(error)));
      });
    const query = (on: Pool | PoolClient) =>
      new Promise<unknown>((resolve, reject) => {
        on.query('select text from word where text = $1', ['first'], (error, result) =>
          error ? reject(error) : resolve(result.rows),
        );
      });
    const client = await connect();
    expect(await query(client)).to.deep.equal([{ text: 'first' }]);
    expect(await query(db)).to.deep.equal([{ text: 'first' }]);
    fence(db);
    for (const late of [query(client), query(db), connect()]) {
      expect((await rejection(late)).message).to.equal('fenced off');
    }
    expect((await test.client.close(db)).map(({ kind }) => kind)).to.deep.equal(['unreleased-connection']);
    client.release();
  });

  it('leaves no transaction open when COMMIT fails', async () => {
    const db = await test.open();
    await test.client.execute(
      db,
      'create table loop (id int primary key, next int references loop initially deferred)',
    );
    const client = await db.connect();
    await client.query('begin');
    await client.query('insert into loop values (1, 2)');
    expect(await rejection(client.query('commit'))).to.include({ code: '23503' });
    client.release();
    fence(db);
    expect(await test.client.close(db)).to.deep.equal([]);
  });

  it('reports a transaction that failed and was left open', async () => {
    const db = await test.open();
    const client = await db.connect();
    await client.query('begin');
    await rejection(client.query('select nothing'));
    fence(db);
    expect((await test.client.close(db)).map(({ kind }) => kind)).to.deep.equal(['open-transaction']);
  });

  it('takes a transaction for ended whose connection the app has thrown away', async () => {
    const db = await test.open();
    const client = await db.connect();
    await client.query('begin');
    await client.query("insert into word values ('never committed')");
    client.release(true);
    fence(db);
    expect(await test.client.close(db)).to.deep.equal([]);
  });

  it('lets the app end its pool once after it was closed', async () => {
    const db = await test.open();
    await test.words(db);
    fence(db);
    await test.client.close(db);
    await db.end();
    expect((await rejection(db.end())).message).to.contain('more than once');
  });

  it('finds a cursor of the driver that was left open, and says where', async () => {
    const db = await test.open();
    const client = await db.connect();
    await new Promise<void>((resolve) => client.query(new FirstRow('select text from word', resolve)));
    fence(db);
    const leaks = await test.client.close(db);
    expect(leaks.map(({ kind, sql }) => ({ kind, sql }))).to.deep.equal([
      { kind: 'open-cursor', sql: 'select text from word' },
    ]);
    expect(leaks[0]?.place).to.contain('test/clients/pg.test.ts');
  });

  it('does not mind roles of a transaction that was rolled back', async () => {
    const db = await test.open();
    const client = await db.connect();
    for (const sql of ['begin', 'create role dbi_never', 'rollback']) await client.query(sql);
    client.release();
    fence(db);
    expect(await test.client.close(db)).to.deep.equal([]);
  });

  it('refuses a prepared statement with a name that was used before the end', async () => {
    const db = await test.open();
    const client = await db.connect();
    const insert = { name: 'insert', text: 'insert into word values ($1)', values: ['early'] };
    await client.query(insert);
    fence(db);
    expect((await rejection(client.query({ ...insert, values: ['late'] }))).message).to.equal('fenced off');
    await test.client.close(db);
    const after = await test.open();
    expect(await test.words(after)).to.deep.equal(['early', 'first']);
    await test.client.close(after);
  });

  it('says where a statement of the pool was sent that nobody waited for', async () => {
    const db = await test.open();
    await test.words(db);
    const asleep = rejection(db.query('select pg_sleep(60)'));
    await new Promise(setImmediate);
    fence(db);
    const leaks = await test.client.close(db);
    await asleep;
    expect(leaks.map(({ kind, sql }) => ({ kind, sql }))).to.deep.equal([
      { kind: 'running-query', sql: 'select pg_sleep(60)' },
    ]);
    expect(leaks[0]?.place).to.contain('test/clients/pg.test.ts');
  });

  it('does not mind a pool that the test has ended itself', async () => {
    const db = await test.open();
    await test.words(db);
    await db.end();
    expect(await test.client.close(db)).to.deep.equal([]);
  });

  it('keeps what a text sets for its session away from the connections of the app', async () => {
    const db = await test.open();
    await test.client.execute(db, "select pg_catalog.set_config('search_path', '', false); set time zone 'Asia/Tokyo'");
    expect(await test.words(db)).to.deep.equal(['first']);
    await test.client.close(db);
  });
});

describe('pgClient with another engine', () => {
  it('is refused', async () => {
    const address = { dialect: 'sqlite', url: 'sqlite:///x', filename: '/x', onConnect: [] } as const;
    const error = await failure('DBI_INVALID_OPTION', () => pgClient().open(address));
    expect(error.message).to.contain('pgClient()').and.to.contain('engines/sqlite');
  });
});

/** What pg-cursor does: asks for one row, and leaves the portal open for the next ones. */
class FirstRow {
  readonly text: string;
  readonly #done: () => void;

  constructor(text: string, done: () => void) {
    this.text = text;
    this.#done = done;
  }

  submit(connection: Connection): void {
    const protocol = connection as unknown as Record<'parse' | 'bind' | 'execute' | 'flush', (config?: object) => void>;
    protocol.parse({ text: this.text });
    protocol.bind({});
    protocol.execute({ rows: 1 });
    protocol.flush();
  }

  read(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {
    this.#done();
  }
  handlePortalSuspended(): void {}
  handleCommandComplete(): void {}
  handleReadyForQuery(): void {}
  handleError(): void {}
}
