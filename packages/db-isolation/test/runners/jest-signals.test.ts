import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { type JestProject, jestProject } from '../support/run-jest.ts';
import { MochaSandbox } from '../support/run-mocha.ts';
import { hangingAppear } from './ends-of-runs.ts';

describe('a run of Jest that does not come to its end', function () {
  this.timeout(120_000);
  let project: JestProject;
  let place: MochaSandbox;
  before(async () => {
    project = await jestProject();
  });
  beforeEach(async () => {
    place = await MochaSandbox.create();
  });
  afterEach(() => place.remove());

  function start(files: readonly string[], args: readonly string[]) {
    return place.startNode(project.arguments({ parts: [{ files }], report: join(place.path, 'report'), args }), {});
  }

  it('leaves nothing but kept databases after Ctrl-C, in workers', async () => {
    const started = start(['contract/hang-a', 'contract/hang-b'], ['--maxWorkers=2']);
    await hangingAppear(place, 2);
    const workers = readdirSync(place.signals).map((name) => Number(name.split('-')[1]));
    expect(place.runs()).to.have.length.at.least(2);
    started.kill('SIGINT', 'group');
    const { code, signal, output } = await started.done;
    expect([code, signal], output).to.deep.equal([null, 'SIGINT']);
    while (workers.some(isAlive)) await setImmediate(); // the main process does not wait for them
    expect(place.runs(), output).to.deep.equal([]);
    expect(place.kept(), output).to.have.length(2);
  });

  it('leaves nothing when a test ends the process, and says which', async () => {
    const { code, output } = await start(['runs/exit'], ['--runInBand']).done;
    expect(place.runs()).to.deep.equal([]);
    expect(output).to.contain('"ends the process": it ended the process, and the run with it [exit]');
    expect(code).to.equal(7);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
