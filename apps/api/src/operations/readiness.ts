import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Knex } from 'knex';
import { missingMigrations } from '../db/migrate.ts';
import { cached } from './cached.ts';
import { createDatabaseProbe } from './database-probe.ts';
import { soon } from './soon.ts';

/** Whether the service can do its work, and each thing it needs for that. */
interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, 'ok' | 'failed'>>;
  /** For the log, never for a reply. */
  readonly failures: readonly { readonly check: string; readonly error: unknown }[];
}

/** Says whether requests should come here. */
export interface Readiness {
  /** Found out at most once a second. */
  report(): Promise<ReadinessReport>;
  /** From now on the answer is no: the service is about to stop. */
  stop(): void;
}

/** Where documents are kept, and how much room one must find. */
export interface StorageNeeds {
  readonly directory: string;
  readonly roomBytes: number;
}

/** Something the service needs is not as it should be. */
class NotReadyError extends Error {
  override name = 'NotReadyError';
}

/** Looks at the database, at its schema, and, if told where it is, at the place for documents. */
export function createReadiness(db: Knex, storage?: StorageNeeds): Readiness {
  const probe = createDatabaseProbe(db);
  const checks: Record<string, () => Promise<void>> = {
    database: async () => {
      const { up, failure } = await probe();
      if (!up) {
        throw failure;
      }
    },
    migrations: async () => {
      // Not asked of a database that does not answer, so that questions do not pile up there.
      if (!(await probe()).up || (await soon(missingMigrations(db))).length > 0) {
        throw new NotReadyError('migrations are missing');
      }
    },
    ...(storage && { storage: () => checkStorage(storage) }),
  };
  const look = cached(() => run(checks));
  let stopping = false;
  return {
    report: async () => {
      const report = await look();
      const running = stopping ? 'failed' : 'ok';
      return { ...report, ready: report.ready && !stopping, checks: { ...report.checks, running } };
    },
    stop: () => {
      stopping = true;
    },
  };
}

async function run(checks: Readonly<Record<string, () => Promise<void>>>): Promise<ReadinessReport> {
  const names = Object.keys(checks);
  const results = await Promise.allSettled(Object.values(checks).map((check) => check()));
  const failures = results.flatMap((result, index) =>
    result.status === 'rejected' ? [{ check: names[index] ?? '', error: result.reason }] : [],
  );
  const failed = new Set(failures.map(({ check }) => check));
  return {
    ready: failures.length === 0,
    checks: Object.fromEntries(names.map((name) => [name, failed.has(name) ? 'failed' : 'ok'])),
    failures,
  };
}

async function checkStorage({ directory, roomBytes }: StorageNeeds): Promise<void> {
  for (const folder of ['incoming', 'raw']) {
    await access(path.resolve(directory, folder), constants.R_OK | constants.W_OK | constants.X_OK);
  }
  const { bavail, bsize } = await statfs(path.resolve(directory));
  if (bavail * bsize < roomBytes) {
    throw new NotReadyError('no room for another document');
  }
}
