import { customSchema } from '@acme/db-isolation/schemas/custom-schema';
import { expect } from 'chai';
import { failure } from '../support/rejections.ts';
import { sqlSchema } from '../support/schemas.ts';
import { connect, withSql } from '../support/sql.ts';
import { describeOnServers, SERVER_NOTES } from '../support/throwaway-server.ts';

describeOnServers('templates', (server) => {
  const schema = (number: number) => sqlSchema(`create table numbered_${number} (id integer)`);
  /** Uses the template of a schema in a run of its own. */
  const use = async (number: number) => {
    const isolation = server.isolation({ schema: schema(number) });
    await isolation.run('a test', () => undefined);
    await isolation.close();
  };
  const templates = async () => {
    const rows = await server.registry('select name from template order by used_at, name');
    return rows.map(({ name }) => String(name));
  };
  /** Moves the last use of all templates into the past, so that their order does not depend on the clock. */
  const age = () => server.registry('update template set used_at = used_at - 60000');

  it('are 8 at most: those go that were unused for longest', async () => {
    const names: string[] = [];
    for (let number = 0; number < 8; number += 1) {
      await use(number);
      names.push(...(await templates()).filter((name) => !names.includes(name)));
      await age();
    }
    await use(0); // found again
    await age();
    await use(8);
    const left = await server.names('template');
    expect(left).to.have.length(8);
    expect(left).to.include(names[0]).and.not.to.include(names[1]);
  });

  it('that were removed while they are in use are built again', async () => {
    let builds = 0;
    const isolation = server.isolation({
      schema: customSchema({
        fingerprint: 'counts',
        apply: async (_db, { execute }) => {
          builds += 1;
          await execute('create table counted (id integer)');
        },
      }),
    });
    await isolation.run('builds it', () => undefined);
    const [name = ''] = await server.names('template');
    await withSql(server.program.url(), (admin) => server.kind.dropDatabase(admin, name));
    await server.registry('delete from template');
    for (let test = 0; test < 4; test += 1) await isolation.run('uses it', ({ db }) => db('counted').select());
    expect(builds).to.equal(2);

    await withSql(server.program.url(), (admin) => server.kind.dropDatabase(admin, name)); // by hand, unknown to the registry
    await isolation.close();
    const next = server.isolation({
      schema: customSchema({
        fingerprint: 'counts',
        apply: async (_db, { execute }) => execute('create table counted (id integer)'),
      }),
    });
    await next.run('uses it', ({ db }) => db('counted').select());
  });

  it('are not sealed while a connection to them is open that is not the client’s, and are removed', async () => {
    const isolation = server.isolation({
      schema: customSchema({
        fingerprint: 'stray',
        apply: async (_db, { url }) => {
          stray = await connect(url);
        },
      }),
    });
    let stray: Awaited<ReturnType<typeof connect>> | undefined;
    await failure('DBI_TEMPLATE_IN_USE', () => isolation.acquire());
    await stray?.end().catch(() => undefined);
    expect(await server.names('template')).to.deep.equal([]);
  });

  it('serve two isolations of one process at the same time, whose databases are apart', async () => {
    const [one, other] = [server.isolation(), server.isolation()];
    await Promise.all([
      one.run('one', async (first) => {
        await first.db('note').insert({ text: 'one' });
        await other.run('other', async (second) => {
          expect(await second.db('note').pluck('text')).to.deep.equal(['from the template']);
          expect(second.url).not.to.equal(first.url);
        });
      }),
      other.run('another', async ({ db }) =>
        expect(await db('note').pluck('text')).to.deep.equal(['from the template']),
      ),
    ]);
    expect(await server.names('template')).to.have.length(1);
    await one.close();
    await other.run('goes on', async ({ db }) =>
      expect(await db('note').pluck('text')).to.deep.equal(['from the template']),
    );
  });

  it('are told apart by what they are made of', async () => {
    await Promise.all(
      [SERVER_NOTES, schema(1)].map((each) => server.isolation({ schema: each }).run('a test', () => undefined)),
    );
    expect(await server.names('template')).to.have.length(2);
  });
});
