import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { firstOfApp, placeOfCaller } from '../src/place.ts';

describe('placeOfCaller', () => {
  it('is the line that called, with its function', () => {
    const place = (function here() {
      return placeOfCaller();
    })();
    expect(place()).to.match(/test\/place\.test\.ts:10:14 \(here\)$/);
  });

  it('is found behind an await, and behind code of packages', async () => {
    const later = async () => {
      await null;
      return [1].map(placeOfCaller)[0];
    };
    expect((await later())?.()).to.match(/test\/place\.test\.ts:\d+:\d+ \(later\)$/);
  });

  it('leaves the limit of stack traces as it was', () => {
    const { stackTraceLimit } = Error;
    placeOfCaller();
    expect(Error.stackTraceLimit).to.equal(stackTraceLimit);
  });
});

describe('firstOfApp', () => {
  it('skips Node, packages and this package, in both ways to write a frame', () => {
    const stack = [
      'Error',
      '    at node:internal/timers:581:17',
      `    at own (${fileURLToPath(new URL('../src/clients/knex.ts', import.meta.url))}:1:1)`,
      '    at Runner.run (/app/node_modules/knex/lib/execution/runner.js:30:30)',
      '    at async /app/src/notes.ts:12:5',
    ].join('\n');
    expect(firstOfApp(stack)).to.equal('/app/src/notes.ts:12:5');
    expect(firstOfApp('Error\n    at async addNote (file:///app/src/a%20b.ts:1:2)')).to.equal(
      '/app/src/a b.ts:1:2 (addNote)',
    );
  });

  it('is undefined where nothing belongs to the app', () => {
    expect(firstOfApp('Error\n    at processTicksAndRejections (node:internal/process/task_queues:95:5)')).to.equal(
      undefined,
    );
  });
});

describe('DB_ISOLATION_TRACE', () => {
  const program = fileURLToPath(new URL('./clients/hidden-place.ts', import.meta.url));
  const leaks = async (environment: NodeJS.ProcessEnv): Promise<readonly Record<string, string>[]> => {
    const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, program], {
      env: { ...process.env, ...environment },
    });
    return JSON.parse(stdout);
  };

  it('finds a place of which nothing is on the stack, and is what the report points to without it', async () => {
    const [without] = await leaks({ DB_ISOLATION_TRACE: '' });
    expect(without?.['message']).to.match(/; run again with DB_ISOLATION_TRACE=1 to see where$/);
    expect(without).not.to.have.property('place');
    const [traced] = await leaks({ DB_ISOLATION_TRACE: '1' });
    expect(traced?.['place']).to.match(/test\/clients\/hidden-place\.ts:\d+:\d+/);
    expect(traced?.['message']).not.to.contain('DB_ISOLATION_TRACE');
  });
});
