import { expect } from 'chai';
import type { Program } from '../support/programs.ts';
import { projectThatCountsBuilds } from '../support/projects.ts';
import { urlWith, withSql } from '../support/sql.ts';
import { describeOnServers } from '../support/throwaway-server.ts';
import { useWorkspace } from '../support/workspace.ts';

/** A process that cannot be seen from here. */
const ELSEWHERE = '0badb007-1-1-1';

const NOTHING = { runs: 0, kept: 0, templates: 0 };

describeOnServers('a sweep', (server) => {
  const workspace = useWorkspace();

  const lease = async () => {
    const program = server.start('lease', { PROJECT: projectThatCountsBuilds(workspace).path, HOLD: '1' });
    await program.said('loaded');
    program.tell('go');
    return { program, database: new URL(await program.said('url')).pathname.slice(1) };
  };
  /** Makes a live run look as if it were that of another machine; `expires` is relative to now. */
  const moveElsewhere = (expires: number) =>
    server.registry(`update run set process = '${ELSEWHERE}', expires_at = expires_at + ${expires - 60_000}`);
  const suspend = (program: Program) => process.kill(program.pid, 'SIGSTOP');
  const sweep = async () => {
    const isolation = server.isolation();
    const report = await isolation.sweep();
    await isolation.close();
    return report;
  };

  it('spares a run of another machine as long as its lease has not expired, also without a connection', async () => {
    const { program, database } = await lease();
    await moveElsewhere(60_000);
    await program.kill('SIGKILL');
    expect(await sweep()).to.deep.equal(NOTHING);
    expect(await server.names('test')).to.include(database);
    await moveElsewhere(-60_000);
    expect(await sweep()).to.deep.equal({ ...NOTHING, runs: 1 });
    expect(await server.names('test')).to.deep.equal([]);
  });

  it('spares a run that is suspended longer than its lease as long as its connection lives', async () => {
    const { program, database } = await lease();
    suspend(program);
    await moveElsewhere(-120_000);
    expect(await sweep()).to.deep.equal(NOTHING);
    expect(await server.names('test')).to.include(database);
    process.kill(program.pid, 'SIGCONT');
    program.tell('end');
    const { code, output } = await program.ended;
    expect(code, output).to.equal(0);
    expect(await server.names('test')).to.deep.equal([]);
  });

  it('spares a run of this machine whose process lives, whatever its lease, also without a connection', async () => {
    const { program, database } = await lease();
    suspend(program);
    await server.kind.disconnect(await server.admin(), server.user.name);
    await server.registry('update run set expires_at = 0');
    expect(await sweep()).to.deep.equal(NOTHING);
    expect(await server.names('test')).to.include(database);
    process.kill(program.pid, 'SIGCONT');
    program.tell('end');
    const { code, output } = await program.ended;
    expect(code, output).to.equal(0);
    expect(await server.names('test')).to.deep.equal([]);
  });

  it('removes what a process left whose number another process has now', async () => {
    await sweep();
    const isolation = server.isolation();
    await isolation.sweep();
    const [mine = expect.fail('no run')] = await server.registry('select process from run');
    const [boot, namespace, pid] = String(mine['process']).split('-');
    await server.registry(`insert into run values ('0000000000000001', '${boot}-${namespace}-${pid}-1', 9e12)`);
    expect(await isolation.sweep()).to.deep.equal({ ...NOTHING, runs: 1 });
  });

  it('never touches a database that the library did not make, whatever its name', async () => {
    const foreign = ['dbi_test_0123456789abcdef', `dbi_template_${'0'.repeat(32)}`, 'dbi_mine'];
    try {
      await withSql(server.user.url, async (sql) => {
        for (const name of foreign) await sql.rows(`create database ${name}`);
      });
      const { program } = await lease();
      await program.kill('SIGKILL');
      expect(await sweep()).to.deep.equal({ ...NOTHING, runs: 1 });
      await server.isolation().run('a test', () => undefined);
      const left = await withSql(server.program.url(), (sql) => server.kind.databases(sql));
      expect(left).to.include.members(foreign);
    } finally {
      await withSql(server.program.url(), async (admin) => {
        for (const name of foreign) await server.kind.dropDatabase(admin, name);
      });
    }
  });

  it('does not mind databases that somebody else has removed', async () => {
    const { program, database } = await lease();
    await program.kill('SIGKILL');
    await withSql(server.program.url(), (admin) => server.kind.dropDatabase(admin, database));
    expect((await sweep()).runs).to.equal(1);
    expect(await server.names('test')).to.deep.equal([]);
    expect(await server.registry('select * from test_database')).to.deep.equal([]);
  });

  it('refuses a registry that is somebody else’s, and leaves it as it is', async () => {
    await sweep();
    const [registry = ''] = (await withSql(server.program.url(), (sql) => server.kind.databases(sql))).filter((name) =>
      name.startsWith('dbi_registry_'),
    );
    await withSql(urlWith(server.user.url, { database: registry }), async (sql) => {
      for (const table of ['run', 'test_database', 'template']) await sql.rows(`drop table ${table}`);
      await sql.rows('create table invoices (id integer)');
    });
    const error = await server
      .isolation()
      .sweep()
      .then(
        () => expect.fail('it swept'),
        (reason: Error) => reason,
      );
    expect(error).to.include({ code: 'DBI_FOREIGN_NAME' });
    expect(error.message).to.contain(registry).and.to.contain('invoices');
    expect(await server.registry('select * from invoices')).to.deep.equal([]);
  });
});
