import type { Knex } from 'knex';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { createDatabase } from './db/create-database.ts';
import { migrate } from './db/migrate.ts';
import { createFileStorage, prepareFileStorage } from './documents/storage.ts';
import { loadSamples } from './samples/load-samples.ts';
import { listen, type RunningServer } from './server.ts';
import { databaseFailure, listenFailure, startupLine, storageFailure } from './startup-failure.ts';

const STOP_LIMIT_MS = 8_000;
/** Ctrl-C under npm arrives twice: from the terminal, and passed on by npm. */
const SAME_SIGNAL_MS = 200;

try {
  const config = readConfig();
  await prepareFileStorage(config.storageDirectory).catch((cause) => {
    throw storageFailure(cause, config);
  });
  const db = await openDatabase(config);
  const server = await serve(db, config).catch(async (error) => {
    await db.destroy();
    throw error;
  });
  stopOnSignals(server, db);
  console.log(`Listening on ${server.url}`);
} catch (error) {
  console.error(startupLine(error));
  process.exitCode = 1;
}

async function openDatabase(config: Config): Promise<Knex> {
  let db: Knex | undefined;
  try {
    db = createDatabase({ url: config.databaseUrl });
    await migrate(db);
    const loaded = await loadSamples(db, new Date());
    if (loaded > 0) {
      console.log(`Loaded ${loaded} sample invoices into an empty database`);
    }
    return db;
  } catch (cause) {
    await db?.destroy();
    throw databaseFailure(cause, config);
  }
}

async function serve(db: Knex, config: Config): Promise<RunningServer> {
  const app = createApp(db, {
    logger: pino({ level: config.logLevel }),
    documents: createFileStorage(config.storageDirectory),
    maxFileSizeMb: config.maxFileSizeMb,
    corsOrigins: config.corsOrigins,
  });
  try {
    return await listen(app, config.host, config.port);
  } catch (cause) {
    throw listenFailure(cause, config);
  }
}

function stopOnSignals(server: RunningServer, db: Knex): void {
  let stoppingSince: number | undefined;
  const onSignal = (_signal: string, number: number) => {
    if (stoppingSince === undefined) {
      stoppingSince = Date.now();
      stop(server, db).catch((error) => {
        console.error(startupLine(error));
        process.exitCode = 1;
      });
    } else if (Date.now() - stoppingSince > SAME_SIGNAL_MS) {
      process.exit(128 + number);
    }
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}

/** Lets requests in flight finish; ends the process without them when that takes too long. */
async function stop(server: RunningServer, db: Knex): Promise<void> {
  setTimeout(() => {
    console.error('Stopped before every request was answered');
    process.exit(1);
  }, STOP_LIMIT_MS).unref();
  await server.stop();
  await db.destroy();
}
