import { readConfig } from './config.ts';
import { describeFailure } from './http/describe-failure.ts';
import { start } from './start.ts';
import { startupLine } from './startup-failure.ts';

/** How long requests in flight may take once the service takes no more. */
const STOP_LIMIT_MS = 8_000;
/** Ctrl-C under npm arrives twice: from the terminal, and passed on by npm. */
const SAME_SIGNAL_MS = 200;

// Node.js would print the message, which may hold values of invoices. Nobody knows what works after this: so it ends.
process.on('uncaughtException', (error) => {
  console.error(`The service failed: ${JSON.stringify(describeFailure(error))}`);
  process.exit(1);
});

try {
  const config = readConfig();
  const service = await start(config);
  stopOnSignals(() => service.stop(limitStop));
  if (service.metricsUrl !== undefined) {
    console.log(`Metrics on ${service.metricsUrl}`);
  }
  console.log(`Listening on ${service.url}`);
} catch (error) {
  console.error(startupLine(error));
  process.exitCode = 1;
}

function stopOnSignals(stop: () => Promise<void>): void {
  let stoppingSince: number | undefined;
  const onSignal = (_signal: string, number: number) => {
    if (stoppingSince === undefined) {
      stoppingSince = Date.now();
      stop().catch((error) => {
        console.error(startupLine(error));
        process.exitCode = 1;
      });
    } else if (Date.now() - stoppingSince > SAME_SIGNAL_MS) {
      process.exit(128 + number);
    }
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}

/** Ends the process without the requests in flight when they take too long. */
function limitStop(): void {
  setTimeout(() => {
    console.error('Stopped before every request was answered');
    process.exit(1);
  }, STOP_LIMIT_MS).unref();
}
