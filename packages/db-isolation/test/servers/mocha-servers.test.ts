import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { hasEngine, type RunPlace, twoAtATime, useRunPlaces } from '../runners/run-places.ts';
import type { MochaOptions, MochaRun } from '../support/run-mocha.ts';

const SUITES = ['no-database', 'many', 'plain'];

/** The tests of these suites, all of which get a database under root hooks. */
const TESTS = 3 + 25 + 1;

const ON = (['postgres', 'mysql'] as const).filter(hasEngine);

for (const engine of ON) {
  describe(`a run on ${engine}`, function () {
    this.timeout(240_000);
    const createPlace = useRunPlaces();
    let silent: Server;
    let connections = 0;
    let places: readonly RunPlace[];
    let runs: readonly MochaRun[];

    before(async () => {
      silent = createServer((socket) => {
        connections += 1;
        socket.on('error', () => undefined).resume();
      }).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const nobody = `${engine}://nobody@127.0.0.1`;
      const on = (url: string) => ({ DB_ISOLATION_POSTGRES_URL: url, DB_ISOLATION_MYSQL_URL: url });
      places = await Promise.all([1, 2, 3].map(() => createPlace(engine)));
      const [, , forbidden] = places;
      await forbidden?.revoke();
      const options: readonly MochaOptions[] = [
        { suites: SUITES, env: on(`${nobody}:${(silent.address() as AddressInfo).port}`) },
        { suites: SUITES, env: on(`${nobody}:1`), parallel: true },
        { suites: SUITES, mode: 'each' },
      ];
      runs = await twoAtATime([...options.entries()], async ([index, option]) => {
        const place = places[index] ?? expect.fail('no place');
        return place.start(option).done;
      });
    });
    after((done) => {
      silent.close(() => done());
    });

    it('fails every test by name when the server does not answer, and does not wait for it again and again', () => {
      expectAllFailed(runs[0], 'DBI_SERVER_UNREACHABLE', TESTS);
      expect(connections).to.be.within(1, 3);
    });

    it('fails every test by name when the server refuses connections', () => {
      expectAllFailed(runs[1], 'DBI_SERVER_UNREACHABLE', TESTS);
    });

    it('fails every test by name when the user may not create databases, and other suites run', () => {
      expectAllFailed(runs[2], 'DBI_NO_PERMISSION', TESTS - 1);
    });
  });
}

function expectAllFailed(run: MochaRun | undefined, code: string, count: number): void {
  const failures = run?.tests.filter(({ state }) => state === 'failed') ?? [];
  expect(failures, run?.output).to.have.length(count);
  expect(new Set(failures.map((test) => test.code))).to.deep.equal(new Set([code]));
  expect(new Set(failures.map(({ title }) => title)).size).to.equal(count);
}
