import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { endProgramsAfterEach, type Program, startProgram } from '../support/programs.ts';
import { projectThatCountsBuilds } from '../support/projects.ts';
import { fileOf, useWorkspace } from '../support/workspace.ts';

const COMPLETE = JSON.stringify(['first', 'second']);

describe('several processes', () => {
  endProgramsAfterEach();
  const workspace = useWorkspace();

  const start = (env: Readonly<Record<string, string>>, name = 'lease') => startProgram(name, { env });
  const go = async (program: Program) => {
    await program.said('loaded');
    program.tell('go');
  };

  it('build a template once when 8 of them ask at the same moment, and later ones build nothing', async () => {
    const project = projectThatCountsBuilds(workspace);
    const programs = Array.from({ length: 8 }, () => start({ PROJECT: project.path }));
    await Promise.all(programs.map((program) => program.said('loaded')));
    for (const program of programs) program.tell('go');
    const rows = await Promise.all(programs.map((program) => program.said('rows')));
    expect(rows).to.deep.equal(programs.map(() => COMPLETE));
    const ends = await Promise.all(programs.map((program) => program.ended));
    for (const { code, output } of ends) expect(code, output).to.equal(0);
    expect(project.builds()).to.equal(1);
    expect(workspace.names('runs')).to.deep.equal([]);

    const later = start({ PROJECT: project.path });
    await go(later);
    expect(await later.said('rows')).to.equal(COMPLETE);
    expect(project.builds()).to.equal(1);
  });

  it('build a template completely when the first builder is killed half-way', async () => {
    const project = projectThatCountsBuilds(workspace);
    const builder = start({ PROJECT: project.path, STALL: '1' });
    const waiting = start({ PROJECT: project.path });
    await go(builder);
    await builder.said('building');
    await go(waiting);
    await builder.kill('SIGKILL');
    expect(workspace.names('templates')).to.deep.equal([]);
    expect(await waiting.said('rows')).to.equal(COMPLETE);
    await waiting.said('closed');
    expect(project.builds()).to.equal(2);
    expect(workspace.names('templates')).to.have.length(1);
    expect(await workspace.isolation().sweep()).to.include({ templates: 0 });
    expect(workspace.names('runs').filter((name) => name.includes(`-${builder.pid}-`))).to.deep.equal([]);
  });

  it('do not wait for a builder longer than templateTimeout, and work meanwhile', async () => {
    const project = projectThatCountsBuilds(workspace);
    const builder = start({ PROJECT: project.path, STALL: '1' });
    const waiting = start({ PROJECT: project.path, TEMPLATE_TIMEOUT: '50' });
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
    const builder = start({ PROJECT: project.path, STALL: '1', TWICE: '1', TEMPLATE_TIMEOUT: '1' });
    const waiting = start({ PROJECT: project.path, TEMPLATE_TIMEOUT: '1' });
    await go(builder);
    await builder.said('building');
    builder.tell('once more');
    expect(await builder.said('error')).to.contain('DBI_TEMPLATE_TIMEOUT');
    await go(waiting);
    expect(await waiting.said('error')).to.contain('DBI_TEMPLATE_TIMEOUT');
    expect(project.builds()).to.equal(1);
  });

  it('are swept when they were killed, and only then; a reused pid does not protect them', async () => {
    const project = projectThatCountsBuilds(workspace);
    const [live, dead] = [1, 2].map(() => start({ PROJECT: project.path, HOLD: '1' })) as [Program, Program];
    for (const program of [live, dead]) await go(program);
    const [liveFile, deadFile] = [fileOf({ url: await live.said('url') }), fileOf({ url: await dead.said('url') })];
    const isolation = workspace.isolation();
    expect((await isolation.sweep()).runs).to.equal(0);
    expect([liveFile, deadFile].map((file) => existsSync(file))).to.deep.equal([true, true]);

    await dead.kill('SIGKILL');
    const runs = join(workspace.root, 'runs');
    const name = workspace.names('runs').find((run) => run.includes(`-${live.pid}-`)) ?? '';
    const [, boot, namespace, pid, started] = name.split('-');
    const made = {
      reused: `run-${boot}-${namespace}-${pid}-${Number(started) - 1}-000000000001`,
      'before the machine was started': `run-00000000-${namespace}-${pid}-${started}-000000000002`,
      'another container': `run-${boot}-${Number(namespace) + 1}-999999-1-000000000003`,
      'not a run': 'run-mine',
      'not a run either': `run-${boot}-${namespace}-999999-1-mine`,
    };
    for (const run of Object.values(made)) {
      mkdirSync(join(runs, run));
      writeFileSync(join(runs, run, 'file'), '');
    }
    writeFileSync(join(runs, 'readme.md'), 'mine');
    mkdirSync(join(runs, 'dead-0123456789ab', '1'), { recursive: true }); // its remover was killed
    expect(await isolation.sweep()).to.deep.equal({ runs: 3, kept: 0, templates: 0 });
    expect([liveFile, deadFile].map((file) => existsSync(file))).to.deep.equal([true, false]);
    const left = [made['another container'], made['not a run'], made['not a run either'], name, 'readme.md'];
    const own = workspace.names('runs').filter((run) => run.includes(`-${process.pid}-`));
    expect(workspace.names('runs')).to.have.members([...left, ...own]);
    live.tell('end');
    expect((await live.ended).code).to.equal(0);
  });

  it('share the work when three sweep at once, and remove nothing twice', async () => {
    await workspace.isolation().run('makes the directories', () => undefined);
    const sweepers = [1, 2, 3].map(() => start({}, 'sweep'));
    await Promise.all(sweepers.map((program) => program.said('loaded')));
    for (let number = 0; number < 120; number += 1) {
      const run = join(workspace.root, 'runs', `run-00000000-1-${number}-1-${String(number).padStart(12, '0')}`);
      mkdirSync(join(run, '1'), { recursive: true });
      writeFileSync(join(run, '1', 'db.sqlite'), '');
    }
    for (const program of sweepers) program.tell('go');
    const reports = await Promise.all(sweepers.map((program) => program.said('report')));
    const swept = reports.map((report) => (JSON.parse(report) as { runs: number }).runs);
    expect(swept.reduce((sum, runs) => sum + runs, 0)).to.equal(120);
    for (const { code, output } of await Promise.all(sweepers.map(({ ended }) => ended)))
      expect(code, output).to.equal(0);
    expect(workspace.names('runs').filter((name) => !name.includes(`-${process.pid}-`))).to.deep.equal([]);
  });

  it('leave nothing when they exit without closing', async () => {
    const project = projectThatCountsBuilds(workspace);
    const program = start({ PROJECT: project.path, EXIT: '3' });
    await go(program);
    expect((await program.ended).code).to.equal(3);
    expect(workspace.names('runs')).to.deep.equal([]);
    expect(readdirSync(join(workspace.root, 'kept'))).to.deep.equal([]);
  });
});
