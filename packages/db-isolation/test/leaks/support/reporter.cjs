// A Mocha reporter that writes each event at once to the file LEAK_EVENTS, since some suites end their process.
const { appendFileSync } = require('node:fs');

module.exports = class EventReporter {
  constructor(runner) {
    const write = (event) => appendFileSync(process.env.LEAK_EVENTS, `${JSON.stringify(event)}\n`);
    runner.on('pass', (test) => write({ event: 'passed', title: test.fullTitle() }));
    runner.on('pending', (test) => write({ event: 'pending', title: test.fullTitle() }));
    runner.on('fail', (test, error) => {
      write({ event: 'failed', title: test.fullTitle(), message: String(error?.message ?? error), code: error?.code });
    });
    runner.once('end', () => {
      write({ event: 'end' });
      process.stdout.write('the run has ended\n');
    });
  }
};
