import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { type AppOptions, createApp } from './app.ts';
import { createCredentials } from './auth/credentials.ts';
import { refuseOpenService } from './auth/local-mode.ts';
import type { Config } from './config.ts';
import { createDatabase } from './db/create-database.ts';
import { migrate } from './db/migrate.ts';
import { createFileStorage, prepareFileStorage } from './documents/storage.ts';
import { watchDatabase } from './operations/database-metrics.ts';
import { createLogger } from './operations/logger.ts';
import { createMetrics } from './operations/metrics.ts';
import { metricsListener } from './operations/metrics-listener.ts';
import { watchProcess } from './operations/process-metrics.ts';
import { createReadiness } from './operations/readiness.ts';
import { startTracing } from './operations/tracing.ts';
import { loadSamples } from './samples/load-samples.ts';
import { listen, type RunningServer } from './server.ts';
import {
  type Address,
  type AddressNames,
  databaseFailure,
  listenFailure,
  storageFailure,
  tracingFailure,
} from './startup-failure.ts';

/** The service, taking requests. */
export interface RunningService {
  readonly url: string;
  readonly metricsUrl: string | undefined;
  /**
   * Says that it is not ready, goes on for as long as configured, then takes nothing more and lets requests in flight
   * finish. `onClosing` is called when it takes nothing more.
   */
  stop(onClosing: () => void): Promise<void>;
}

type Close = () => unknown;

const BYTES_PER_MB = 1_048_576;

/**
 * Starts the service: documents, database, traces, metrics, requests.
 *
 * @throws StartupError; what had been opened is closed again.
 */
export async function start(config: Config): Promise<RunningService> {
  const closes: Close[] = [];
  try {
    return await open(config, closes);
  } catch (error) {
    await closeAll(closes);
    throw error;
  }
}

async function open(config: Config, closes: Close[]): Promise<RunningService> {
  await refuseOpenService(config);
  await prepareFileStorage(config.storageDirectory).catch((cause) => {
    throw storageFailure(cause, config);
  });
  const db = await openDatabase(config, closes);
  const metrics = createMetrics();
  const readiness = createReadiness(db, {
    directory: config.storageDirectory,
    roomBytes: config.maxFileSizeMb * BYTES_PER_MB,
  });
  const app = createApp(db, {
    logger: createLogger(config.logLevel),
    documents: createFileStorage(config.storageDirectory),
    maxFileSizeMb: config.maxFileSizeMb,
    corsOrigins: config.corsOrigins,
    ...callers(db, config),
    requestsPerMinute: config.requestsPerMinute,
    trustedProxies: config.trustedProxies,
    metrics,
    readiness,
    ...(await traces(db, config, closes)),
  });
  const { host, port, metricsHost, metricsPort } = config;
  const metricsServer =
    metricsPort === undefined
      ? undefined
      : await serve(metricsListener(metrics.registry), { host: metricsHost, port: metricsPort }, METRICS_NAMES);
  if (metricsServer !== undefined) {
    closes.push(watchProcess(metrics.registry), watchDatabase(metrics.registry, db), () => metricsServer.stop());
  }
  const server = await serve(app, { host, port }, { host: 'HOST', port: 'PORT' });
  return {
    url: server.url,
    metricsUrl: metricsServer && `${metricsServer.url}/metrics`,
    stop: async (onClosing) => {
      readiness.stop();
      server.drain();
      await sleep(config.shutdownDelayMs);
      onClosing();
      await server.stop();
      await closeAll(closes);
    },
  };
}

const METRICS_NAMES: AddressNames = { host: 'METRICS_HOST', port: 'METRICS_PORT' };

async function openDatabase(config: Config, closes: Close[]): Promise<Knex> {
  try {
    const db = createDatabase({ url: config.databaseUrl });
    closes.push(() => db.destroy());
    await migrate(db);
    const loaded = config.loadSamples ? await loadSamples(db, new Date()) : 0;
    if (loaded > 0) {
      console.log(`Loaded ${loaded} sample invoices into an empty database`);
    }
    return db;
  } catch (cause) {
    throw databaseFailure(cause, config);
  }
}

/** Without credentials the service is this machine's alone. */
function callers(db: Knex, { auth, host }: Config): Pick<AppOptions, 'credentials' | 'localHost'> {
  const credentials = createCredentials(db, auth);
  return credentials === undefined ? { localHost: host } : { credentials };
}

/** Nothing of it is even loaded unless it is asked for. */
async function traces(db: Knex, config: Config, closes: Close[]): Promise<Pick<AppOptions, 'startSpan'>> {
  if (config.traceEndpoint === undefined) {
    return {};
  }
  const options = { endpoint: config.traceEndpoint, serviceName: config.traceServiceName };
  const tracing = await startTracing(options).catch((cause) => {
    throw tracingFailure(cause);
  });
  tracing.watchDatabase(db);
  closes.push(tracing.close);
  return { startSpan: tracing.startSpan };
}

async function serve(listener: RequestListener, address: Address, names: AddressNames): Promise<RunningServer> {
  try {
    return await listen(listener, address.host, address.port);
  } catch (cause) {
    throw listenFailure(cause, address, names);
  }
}

/** What was opened last is closed first, as it may use what was opened before it. */
async function closeAll(closes: readonly Close[]): Promise<void> {
  for (const close of closes.toReversed()) {
    await close();
  }
}
