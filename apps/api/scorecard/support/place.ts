import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServerDatabase } from '../../test/support/server-databases.ts';
import { Service } from '../../test/support/service.ts';
import type { Scope } from './scope.ts';

const PREFIX = 'invoice_scorecard_';

/** A service that runs and listens. */
export interface RunningService {
  readonly url: string;
  readonly service: Service;
}

/** A database and a directory for documents that nobody else uses, and the services on them. */
export interface Place {
  readonly databaseUrl: string;
  /** Of everything that is a file. */
  readonly directory: string;
  /** Starts a service; resolves when it listens. */
  start(environment?: Record<string, string>): Promise<RunningService>;
}

/** Where places are made, and what is run there. */
export interface PlaceOptions {
  /** The database server; undefined for SQLite. */
  readonly server: string | undefined;
  /** The directory of the service's build. */
  readonly build: string;
  readonly scope: Scope;
}

/** Makes a place; all of it is gone when the scope is closed. */
export async function createPlace({ server, build, scope }: PlaceOptions): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'invoice-scorecard-'));
  await scope.add(() => rm(directory, { recursive: true, force: true }));
  const databaseUrl = server === undefined ? `sqlite://${directory}/invoices.sqlite` : await ownDatabase(server, scope);
  return {
    databaseUrl,
    directory,
    start: async (environment = {}) => {
      const places = { DATABASE_URL: databaseUrl, STORAGE_DIR: join(directory, 'storage') };
      const service = new Service({ ...places, ...SETTINGS, ...environment }, [], [join(build, 'main.js')]);
      await scope.add(() => service.stop('SIGKILL'));
      return { url: await service.url(), service };
    },
  };
}

/** No samples, whose loading the checks would wait for each time. */
const SETTINGS = { LOAD_SAMPLES: 'false' };

async function ownDatabase(server: string, scope: Scope): Promise<string> {
  const { url, remove } = await createServerDatabase(server, PREFIX);
  await scope.add(remove);
  return url;
}
