import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';
import { migrate, migrationSource } from '../src/db/migrate.ts';
import { sampleInvoices } from '../src/samples/load-samples.ts';
import type { Json } from './support/api.ts';
import { onlyOn, testServer } from './support/engine.ts';
import { killBefore } from './support/kill-before.ts';
import { ownDatabases, urlOf } from './support/own-databases.ts';
import { schemaOf } from './support/schema.ts';
import { Service } from './support/service.ts';

describe('starting on an empty database', () => {
  // Each test starts Node several times.

  const ownDatabase = ownDatabases();
  let directory: DirectoryResult;
  let started: Service[];

  beforeEach(async () => {
    directory = await dir({ unsafeCleanup: true });
    started = [];
  });

  afterEach(async () => {
    await Promise.all(started.map((service) => service.stop('SIGKILL')));
    await directory.cleanup();
  });

  function start(url: string): Service {
    const service = new Service({ DATABASE_URL: url, STORAGE_DIR: directory.path });
    started.push(service);
    return service;
  }

  it('four at the same moment migrate it once and load the samples once', async () => {
    const database = await ownDatabase();
    const urls = await Promise.all(Array.from({ length: 4 }, () => start(database.url).url()));

    for (const url of urls) {
      expect((await json(`${url}/api/hitl/invoices`)).total).to.equal(sampleInvoices.length);
    }
    const names = await database.open()('knex_migrations').orderBy('id').pluck('name');
    expect(names).to.deep.equal((await migrationSource.getMigrations([])).map(({ name }) => name));
  });

  const moments: Readonly<Record<string, string>> = {
    'before it made a table': 'create table .invoices',
    'when a table lacked its index': 'invoices_upload_date_id_index',
    'when a table was not written down as made': 'insert into .knex_migrations. ',
    'when the history lacked a trigger': 'review_history_no_(delete|truncate)',
  };
  for (const [moment, pattern] of Object.entries(moments)) {
    it(`finishes what a process left that was killed ${moment}`, async () => {
      const [database, whole] = [await ownDatabase(), await ownDatabase()];
      await killBefore(pattern, database.url);
      await migrate(whole.open());

      const url = await start(database.url).url();
      expect((await json(`${url}/api/hitl/invoices`)).total).to.equal(sampleInvoices.length);
      expect(await schemaOf(database.open())).to.deep.equal(await schemaOf(whole.open()));
    });
  }
});

describe('a server that cannot be used', () => {
  // Each test starts Node several times.

  onlyOn(['postgres', 'mysql'], () => {
    const ownDatabase = ownDatabases();

    it('ends the start with one clear line that holds no password', async () => {
      const others = await ownDatabase();
      await others.open().schema.createTable('invoices', (table) => table.integer('theirs'));
      const closed = await closedPort();
      const said = await Promise.all(
        [
          changed({ host: `127.0.0.1:${closed}` }),
          changed({ host: 'nowhere.invalid' }),
          changed({ username: 'nobody', password: 's%40cret' }),
          changed({ pathname: '/no_such_database' }),
          others.url,
        ].map(async (url) => {
          const { code, stdout, stderr } = await new Service({ DATABASE_URL: url, STORAGE_DIR: tmpdir() }).ended();
          return { code, stdout, stderr };
        }),
      );
      const lines = said.map(({ stderr }) => stderr);
      expect(said.map(({ code, stdout }) => [code, stdout])).to.deep.equal(said.map(() => [1, '']));
      for (const line of lines) {
        expect(line).to.match(/^Cannot use the database \w+:\/\/[^@]+: [^\n]+ \(DATABASE_URL\)\n$/);
        expect(line).to.not.match(/s@cret|s%40cret/);
      }
      expect(lines[0]).to.contain('no server listens there: start it, or correct host and port');
      expect(lines[1]).to.contain('the name of the server is not known');
      expect(lines[2]).to.match(/password is wrong|does not know this user/);
      expect(lines[3]).to.contain('there is no such database on the server: create it first');
      expect(lines[4]).to.contain('it holds tables of another program');
    });
  });
});

/** The test server's URL with other parts. */
function changed(parts: { host?: string; username?: string; password?: string; pathname?: string }): string {
  return Object.assign(new URL(urlOf(String(testServer), 'any')), parts).href;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function json(url: string): Promise<Json> {
  return (await fetch(url, { headers: { Connection: 'close' } })).json();
}
