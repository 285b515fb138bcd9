import { type DrivenApp, type Isolation, type Lease, verifyIsolation } from '@acme/db-isolation';
import { createProvider } from '@acme/db-isolation/provider';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { failure } from '../support/rejections.ts';
import { onEachEngine } from './each-engine.ts';

/** An app that stores notes in whatever database the function answers. */
function appOn(database: (lease: Lease<Knex>) => Knex | Promise<Knex>): DrivenApp<Knex> {
  return {
    write: async (lease, marker) => (await database(lease))('note').insert({ text: marker }),
    read: async (lease) => (await database(lease))('note').pluck('text'),
  };
}

onEachEngine('verifyIsolation()', (place) => {
  const isolationOf = (options = {}) => place.isolation({ guard: false, ...options });

  it('finds nothing wrong with an app that is given its database', async () => {
    const found = await verifyIsolation(
      isolationOf(),
      appOn((lease) => lease.db),
    );
    expect(found.holds).to.have.length(5);
    expect(found.guard).to.equal('off');
  });

  it('finds nothing wrong with an app that asks a provider', async () => {
    const provider = createProvider((): Knex => expect.fail('the real factory was called'));
    await verifyIsolation(
      isolationOf({ providers: [provider] }),
      appOn(() => provider.get()),
    );
  });

  it('finds nothing wrong with an app that is made once for each test', async () => {
    const apps = new Map<unknown, Knex>();
    const app = appOn((lease) => {
      const db = apps.get(lease) ?? lease.db;
      apps.set(lease, db);
      return db;
    });
    await verifyIsolation(isolationOf(), app);
  });

  it('leaves no database behind, and nothing to report', async () => {
    const isolation = isolationOf();
    const kept = await place.countKept();
    await isolation.run('the test that calls it', () =>
      verifyIsolation(
        isolation,
        appOn((lease) => lease.db),
      ),
    );
    await isolation.close();
    expect(await place.countKept()).to.equal(kept);
    expect(await place.count()).to.equal(0);
  });

  describe('fails with DBI_NOT_ISOLATED on', () => {
    let real: Knex;
    before(async () => {
      real = knex({ client: 'better-sqlite3', connection: ':memory:', useNullAsDefault: true });
      await real.schema.createTable('note', (table) => table.text('text'));
    });
    beforeEach(() => real('note').del());
    after(() => real.destroy());

    async function reason(isolation: Isolation<Knex>, app: DrivenApp<Knex>): Promise<string> {
      return (await failure('DBI_NOT_ISOLATED', () => verifyIsolation(isolation, app))).message;
    }

    it('a handle made when a module was loaded', async () => {
      expect(
        await reason(
          isolationOf(),
          appOn(() => real),
        ),
      ).to.match(/uses the database of the running test.* second pool/);
    });

    it('a provider that the isolation does not list', async () => {
      const provider = createProvider(() => real);
      expect(
        await reason(
          isolationOf(),
          appOn(() => provider.get()),
        ),
      ).to.contain('nothing has changed in the test');
    });

    it('a connection that is cached for good', async () => {
      let cached: Knex | undefined;
      const app = appOn((lease) => {
        cached ??= lease.db;
        return cached;
      });
      expect(await reason(isolationOf(), app))
        .to.contain('read() failed in it: ')
        .and.contain('has ended');
    });

    it('rows that are cached beside the database', async () => {
      const cache: string[] = [];
      const app = appOn((lease) => lease.db);
      const caching: DrivenApp<Knex> = {
        write: (lease, marker) => {
          cache.push(marker);
          return app.write(lease, marker);
        },
        read: () => cache,
      };
      expect(await reason(isolationOf(), caching)).to.contain('sees through the app what an earlier one wrote');
    });

    it('work after the end that nobody refuses', async () => {
      const app = appOn((lease) => lease.db);
      const written = new Set<unknown>();
      const elsewhere: DrivenApp<Knex> = {
        ...app,
        async write(lease, marker) {
          if (written.has(lease)) await real('note').insert({ text: marker });
          else await app.write(lease, marker);
          written.add(lease);
        },
      };
      expect(await reason(isolationOf(), elsewhere)).to.match(/held to account.* succeeded/);
    });

    it('an override that is not undone', async () => {
      const provider = createProvider(() => real);
      const app = appOn((lease) => lease.db);
      let undo: (() => void) | undefined;
      const overriding: DrivenApp<Knex> = {
        ...app,
        write(lease, marker) {
          undo ??= provider.override(real);
          return app.write(lease, marker);
        },
      };
      expect(await reason(isolationOf({ providers: [provider] }), overriding)).to.contain('overrid');
      undo?.();
    });

    it('a read() that does not answer what write() stores', async () => {
      const app = { ...appOn((lease) => lease.db), read: () => [] };
      expect(await reason(isolationOf(), app)).to.contain('Does read() answer');
    });

    it('an app that fails', async () => {
      const app = { ...appOn((lease) => lease.db), write: () => Promise.reject(new Error('on purpose')) };
      expect(await reason(isolationOf(), app)).to.contain('write() failed in it: on purpose');
    });
  });
});
