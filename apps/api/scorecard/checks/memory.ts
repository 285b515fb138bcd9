import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase } from '../../src/db/create-database.ts';
import type { Arena, Check } from '../check.ts';
import { addBulkInvoices } from '../load/bulk-invoices.ts';
import { startLoadProcess } from '../load/load-process.ts';
import { median, slope } from '../load/statistics.ts';
import type { Tally } from '../support/tally.ts';

const SAMPLE_EVERY_MS = 5_000;
/** Caches fill and code is compiled in the first part, which does not count. */
const WARM_UP = 0.3;
/** Of the median, over all of the time watched. */
const MOST_GROWTH = 0.1;
const MEBIBYTE = 2 ** 20;

/** The memory of a service under load does not grow with the requests it has answered. */
export const memory: Check = { name: 'memory', measures: true, run };

async function run(arena: Arena, tally: Tally): Promise<void> {
  const place = await arena.place();
  const { url: origin, service } = await place.start();
  const db = createDatabase({ url: place.databaseUrl });
  await addBulkInvoices(db, await arena.client(), origin);
  await db.destroy();
  const process = await startLoadProcess(arena.scope);
  const samples: { x: number; y: number }[] = [];
  const started = performance.now();
  const watching = { goesOn: true };
  const watch = async () => {
    for (; watching.goesOn; await sleep(SAMPLE_EVERY_MS)) {
      const x = (performance.now() - started) / 60_000;
      samples.push({ x, y: residentBytes(Number(service.process.pid)) / MEBIBYTE });
    }
  };
  const watched = watch();
  let requests = 0;
  try {
    while ((performance.now() - started) / 60_000 < arena.minutes) {
      for (const kind of ['read', 'review', 'read'] as const) {
        const { rate, failures } = await process.measure({ kind, origin, ...PATHS, connections: 10, seconds: 5 });
        tally.expect(failures === 0, `${failures} requests failed`);
        requests += Math.round(rate * 5);
      }
    }
  } finally {
    watching.goesOn = false;
    await watched;
  }
  tally.done = `${arena.minutes} minutes of reads and reviews, ${requests} requests`;
  report(
    samples.filter(({ x }) => x >= WARM_UP * arena.minutes),
    arena.minutes,
    tally,
  );
}

const PATHS = { path: '/api/v1/invoices/{n}' };

function report(samples: readonly { x: number; y: number }[], minutes: number, tally: Tally): void {
  const sizes = samples.map(({ y }) => y);
  const perMinute = slope(samples);
  const growth = (perMinute * minutes * (1 - WARM_UP)) / median(sizes);
  const range = `${Math.min(...sizes).toFixed(0)} to ${Math.max(...sizes).toFixed(0)}`;
  tally.figures['resident MiB'] = `${median(sizes).toFixed(0)} (${range})`;
  tally.figures['slope, MiB a minute'] = perMinute.toFixed(2);
  if (growth > MOST_GROWTH) {
    tally.missed.push(`memory grew by ${(growth * 100).toFixed(0)} %, at most ${MOST_GROWTH * 100} %`);
  }
}

/** Linux says it in pages of 4 KiB. */
function residentBytes(pid: number): number {
  const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return Number(pages) * 4096;
}
