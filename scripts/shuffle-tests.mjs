// Loaded by Mocha with --require: brings the tests and blocks of every suite into the order that TEST_ORDER_SEED gives.
// The order of files is up to whoever starts Mocha.
import { shuffled } from './shuffle.mjs';

const seed = Number(process.env.TEST_ORDER_SEED);

function shuffle(suite) {
  suite.tests = shuffled(suite.tests, seed);
  suite.suites = shuffled(suite.suites, seed);
  for (const inner of suite.suites) shuffle(inner);
}

export const mochaHooks = {
  beforeAll() {
    // The root suite's own list is files in the order given, which is shuffled already.
    for (const suite of this.test.parent.suites) shuffle(suite);
  },
};
