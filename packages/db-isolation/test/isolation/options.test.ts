import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createIsolation } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { knexMigrations } from '@acme/db-isolation/schemas/knex-migrations';
import { sqlFiles } from '@acme/db-isolation/schemas/sql-files';
import { expect } from 'chai';
import { failure } from '../support/rejections.ts';
import { NOTES } from '../support/schemas.ts';
import { setEnvironment, useWorkspace } from '../support/workspace.ts';

describe('createIsolation', () => {
  const workspace = useWorkspace();
  afterEach(() => setEnvironment('DB_ISOLATION_KEEP', undefined));

  it('touches no disk, so that paths may be wrong until a database is acquired', async () => {
    process.env['DB_ISOLATION_DIR'] = join(workspace.path, 'not', 'yet');
    for (const schema of [knexMigrations({ directory: 'nowhere', seeds: 'neither' }), sqlFiles({ files: 'no.sql' })]) {
      await workspace.isolation({ schema }).close();
    }
    expect(readdirSync(workspace.path)).to.deep.equal([]);
  });

  it('refuses a keep that it does not know, naming the option and what it may be', async () => {
    const error = await failure('DBI_INVALID_OPTION', () => workspace.isolation({ keep: 'sometimes' as 'always' }));
    expect(error.message).to.match(/^keep is "sometimes".*'failed', 'always', 'never'/);
  });

  it('refuses a DB_ISOLATION_KEEP that it does not know, naming the variable', async () => {
    process.env['DB_ISOLATION_KEEP'] = 'yes';
    const error = await failure('DBI_INVALID_OPTION', () => workspace.isolation({ keep: 'always' }));
    expect(error.message).to.contain('DB_ISOLATION_KEEP is "yes"');
  });

  it('lets DB_ISOLATION_KEEP win over the option, unless it is empty', async () => {
    process.env['DB_ISOLATION_KEEP'] = 'never';
    const never = await workspace.isolation({ keep: 'always' }).acquire();
    expect((await never.release({ failed: true })).outcome).to.equal('dropped');

    process.env['DB_ISOLATION_KEEP'] = '';
    const always = await workspace.isolation({ keep: 'always' }).acquire();
    expect((await always.release()).outcome).to.equal('kept');
  });

  it('refuses providers that createProvider() did not make', async () => {
    const provider = { get: () => undefined, override: () => () => undefined } as never;
    const error = await failure('DBI_INVALID_OPTION', () => workspace.isolation({ providers: [provider] }));
    expect(error.message).to.contain('providers[0] is an object, but has to be what createProvider() returned');
    for (const wrong of [[undefined], [() => 'a database'], {}]) {
      await failure('DBI_INVALID_OPTION', () => workspace.isolation({ providers: wrong as never }));
    }
  });

  it('refuses reactions, guards and names of options that it does not know', async () => {
    const wrong: [options: object, message: RegExp][] = [
      [{ leaks: 'warm' }, /^leaks is "warm".*'fail', 'warn', 'ignore'/],
      [{ leaks: { 'open-transaction': 'never' } }, /open-transaction.* is "never"/],
      [{ leaks: { 'open-transactoin': 'warn' } }, /"open-transactoin".*open-transaction, /],
      [{ guard: 'off' }, /^guard is "off"/],
      [{ guard: { alow: [] } }, /^a key of guard is "alow".*'allow'/],
      [{ guard: { allow: 'x.sqlite' } }, /^guard\.allow is "x\.sqlite".*a list/],
      [{ guard: { allow: [7] } }, /^guard\.allow\[0\] is 7/],
      [{ gaurd: false }, /^a key of options is "gaurd".*'guard'/],
    ];
    for (const [options, message] of wrong) {
      expect((await failure('DBI_INVALID_OPTION', () => workspace.isolation(options))).message).to.match(message);
    }
  });

  it('refuses parts that are missing, and factories that were not called, by their names', async () => {
    const parts = { engine: sqlite(), client: knexClient(), schema: NOTES };
    for (const [name, factory] of Object.entries({ engine: sqlite, client: knexClient, schema: knexMigrations })) {
      for (const wrong of [undefined, null, factory]) {
        const create = () => createIsolation({ ...parts, [name]: wrong });
        expect((await failure('DBI_INVALID_OPTION', create)).message).to.match(new RegExp(`^${name} is `));
      }
    }
    const notCalled = () => createIsolation({ ...parts, engine: sqlite as never });
    expect((await failure('DBI_INVALID_OPTION', notCalled)).message).to.contain('engine is the function sqlite, ');
  });

  it('refuses paths that are missing or empty, naming the option', async () => {
    for (const path of ['', undefined as never, 7 as never]) {
      const expected = [
        [() => knexMigrations({ directory: path }), /^directory is .*a path or a file URL/],
        [() => sqlFiles({ files: path }), /^files is .*a path or a file URL/],
      ] as const;
      for (const [create, message] of expected) {
        expect((await failure('DBI_INVALID_OPTION', create)).message).to.match(message);
      }
    }
    await failure('DBI_INVALID_OPTION', () => knexMigrations({ directory: 'migrations', seeds: '' }));
  });

  it('refuses the name of a driver that cannot open the database', async () => {
    const error = await failure('DBI_INVALID_OPTION', () => knexClient({ config: { client: 'sqlite3' } }));
    expect(error.message).to.contain('config.client is "sqlite3"').and.to.contain('better-sqlite3');
  });

  it('refuses engine options that cannot be meant', async () => {
    const wrong = [
      { templateTimeout: 0 },
      { templateTimeout: Number.NaN },
      { templateTimeout: 'soon' as never },
      { pragmas: { 'foreign_keys; drop table note': 'on' } },
      { pragmas: { foreign_keys: 'on; drop table note' } },
      { pragmas: { cache_size: '' } },
    ];
    for (const options of wrong) await failure('DBI_INVALID_OPTION', () => sqlite(options));
  });

  it('works with a database of any kind of handle that the client and the schema agree on', async () => {
    const isolation = createIsolation({ engine: sqlite(), client: knexClient(), schema: NOTES });
    await isolation.run('typed', async ({ db }) => expect(await db('note').first()).to.include({ id: 1 }));
    await isolation.close();
  });
});
