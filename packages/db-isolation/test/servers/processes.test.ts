import { expect } from 'chai';
import type { Program } from '../support/programs.ts';
import { projectThatCountsBuilds } from '../support/projects.ts';
import { withSql } from '../support/sql.ts';
import { describeOnServers } from '../support/throwaway-server.ts';
import { useWorkspace } from '../support/workspace.ts';

const COMPLETE = JSON.stringify(['first', 'second']);

describeOnServers('several processes', (server) => {
  const workspace = useWorkspace();

  const go = async (program: Program) => {
    await program.said('loaded');
    program.tell('go');
  };
  const databaseOf = async (program: Program) => new URL(await program.said('url')).pathname.slice(1);

  it('build a template once when 8 of them ask at the same moment, and later ones build nothing', async () => {
    const project = projectThatCountsBuilds(workspace);
    const programs = Array.from({ length: 8 }, () => server.start('lease', { PROJECT: project.path }));
    await Promise.all(programs.map((program) => program.said('loaded')));
    for (const program of programs) program.tell('go');
    const rows = await Promise.all(programs.map((program) => program.said('rows')));
    expect(rows).to.deep.equal(programs.map(() => COMPLETE));
    const ends = await Promise.all(programs.map((program) => program.ended));
    for (const { code, output } of ends) expect(code, output).to.equal(0);
    expect(project.builds()).to.equal(1);
    expect(await server.names('test')).to.deep.equal([]);

    const later = server.start('lease', { PROJECT: project.path });
    await go(later);
    expect(await later.said('rows')).to.equal(COMPLETE);
    expect((await later.ended).code).to.equal(0);
    expect(project.builds()).to.equal(1);
  });

  it('build a template completely when the first builder is killed half-way', async () => {
    const project = projectThatCountsBuilds(workspace);
    const builder = server.start('lease', { PROJECT: project.path, STALL: '1' });
    const waiting = server.start('lease', { PROJECT: project.path });
    await go(builder);
    await builder.said('building');
    await go(waiting);
    await builder.kill('SIGKILL');
    expect(await waiting.said('rows')).to.equal(COMPLETE);
    await waiting.said('closed');
    expect(project.builds()).to.equal(2);
    expect(await server.names('template')).to.have.length(1);
    expect(await server.isolation().sweep()).to.include({ templates: 0 });
  });

  it('leave no half-built template when nobody wants it any more', async () => {
    const project = projectThatCountsBuilds(workspace);
    const builder = server.start('lease', { PROJECT: project.path, STALL: '1' });
    await go(builder);
    await builder.said('building');
    await builder.kill('SIGKILL');
    expect(await server.isolation().sweep()).to.deep.equal({ runs: 1, kept: 0, templates: 1 });
    expect(await server.names('template')).to.deep.equal([]);
  });

  it('do not wait for a builder longer than templateTimeout, and work meanwhile', async () => {
    const project = projectThatCountsBuilds(workspace);
    const builder = server.start('lease', { PROJECT: project.path, STALL: '1' });
    const waiting = server.start('lease', { PROJECT: project.path, TEMPLATE_TIMEOUT: '50' });
    await go(builder);
    await builder.said('building');
    await go(waiting);
    const error = await waiting.said('error');
    expect(error).to.contain('DBI_TEMPLATE_TIMEOUT').and.to.contain('within 0.05 s');
    await waiting.said('closed');
    expect(project.builds()).to.equal(1);
  });

  it('do not lose their lock to a second isolation of their own', async () => {
    const project = projectThatCountsBuilds(workspace);
    const builder = server.start('lease', { PROJECT: project.path, STALL: '1', TWICE: '1', TEMPLATE_TIMEOUT: '1' });
    const waiting = server.start('lease', { PROJECT: project.path, TEMPLATE_TIMEOUT: '1' });
    await go(builder);
    await builder.said('building');
    builder.tell('once more');
    expect(await builder.said('error')).to.contain('DBI_TEMPLATE_TIMEOUT');
    await go(waiting);
    expect(await waiting.said('error')).to.contain('DBI_TEMPLATE_TIMEOUT');
    expect(project.builds()).to.equal(1);
  });

  it('are swept as soon as they were killed, and only then', async () => {
    const project = projectThatCountsBuilds(workspace);
    const [live, dead] = [1, 2].map(() => server.start('lease', { PROJECT: project.path, HOLD: '1' })) as [
      Program,
      Program,
    ];
    for (const program of [live, dead]) await go(program);
    const [liveDatabase, deadDatabase] = [await databaseOf(live), await databaseOf(dead)];
    const isolation = server.isolation();
    expect((await isolation.sweep()).runs).to.equal(0);
    expect(await server.names('test')).to.include.members([liveDatabase, deadDatabase]);

    await dead.kill('SIGKILL');
    expect(await isolation.sweep()).to.deep.equal({ runs: 1, kept: 0, templates: 0 });
    expect(await server.names('test'))
      .to.include(liveDatabase)
      .and.not.to.include(deadDatabase);
    live.tell('end');
    expect((await live.ended).code).to.equal(0);
    expect(await server.names('test')).to.deep.equal([]);
  });

  for (const [how, env, code] of [
    ['exit without closing', { EXIT: '3' }, 3],
    ['end by an error that nobody catches', { EXIT: 'uncaught' }, 1],
    ['are ended with Ctrl-C', { HOLD: '1' }, 130],
  ] as const) {
    it(`leave nothing when they ${how}`, async () => {
      const project = projectThatCountsBuilds(workspace);
      const program = server.start('lease', { PROJECT: project.path, ...env });
      await go(program);
      await program.said('url');
      if (code === 130) await program.kill('SIGINT');
      expect((await program.ended).code, (await program.ended).output).to.equal(code);
      expect(await server.names('test')).to.deep.equal([]);
      expect(await server.registry('select * from run')).to.deep.equal([]);
      expect(await server.registry('select * from test_database')).to.deep.equal([]);
    });
  }

  it('share the work when three sweep at once, and remove nothing twice', async () => {
    await server.isolation().sweep(); // makes the registry
    const ids = Array.from({ length: 12 }, (_, number) => String(number).padStart(16, '0'));
    const sweepers = [1, 2, 3].map(() => server.start('sweep'));
    await Promise.all(sweepers.map((program) => program.said('loaded')));
    for (const id of ids) {
      await server.registry(`insert into run values ('${id}', '${ELSEWHERE}', 0)`);
      await server.registry(`insert into test_database (name, run) values ('dbi_test_${id}', '${id}')`);
      await withSql(server.user.url, (sql) => sql.rows(`create database dbi_test_${id}`));
    }
    for (const program of sweepers) program.tell('go');
    const reports = await Promise.all(sweepers.map((program) => program.said('report')));
    const swept = reports.map((report) => (JSON.parse(report) as { runs: number }).runs);
    expect(swept.reduce((sum, runs) => sum + runs, 0)).to.equal(ids.length);
    for (const { code, output } of await Promise.all(sweepers.map(({ ended }) => ended)))
      expect(code, output).to.equal(0);
    expect(await server.names('test')).to.deep.equal([]);
  });
});

/** A process that cannot be seen from here. */
const ELSEWHERE = '0badb007-1-1-1';
