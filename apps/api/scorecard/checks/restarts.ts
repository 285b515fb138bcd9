import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena, Check } from '../check.ts';
import { correct, validation } from '../support/api.ts';
import { type HttpClient, type Reply, shown } from '../support/http-client.ts';
import type { Place, RunningService } from '../support/place.ts';
import { type ServiceProxy, startProxy } from '../support/proxy.ts';
import type { Tally } from '../support/tally.ts';

const PROCESSES = 3;
const CLIENTS = 12;
const TURNS = 3;
const STOP_LIMIT_MS = 10_000;
/** Longer than the proxy needs to see that a service is no longer ready. */
const SHUTDOWN_DELAY_MS = '2000';

/** Three processes behind a proxy are stopped with SIGTERM and started anew, one after another, under load. */
export const restarts: Check = { name: 'restarts', measures: false, run };

async function run(arena: Arena, tally: Tally): Promise<void> {
  const place = await arena.place();
  const proxy = await startProxy();
  await arena.scope.add(() => proxy.close());
  const services: RunningService[] = [];
  for (let started = 0; started < PROCESSES; started += 1) {
    services.push(await startBehind(proxy, place));
  }
  const load = { stopped: false, requests: 0 };
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => arena.client()));
  const work = Promise.all(clients.map((client, index) => useUntilStopped({ client, proxy, load, index }, tally)));
  const stops: number[] = [];
  try {
    for (let turn = 0; turn < arena.count(TURNS); turn += 1) {
      for (const [index, service] of services.entries()) {
        stops.push(await stop(service, proxy, tally));
        services[index] = await startBehind(proxy, place);
      }
    }
  } finally {
    load.stopped = true;
    await work;
  }
  tally.done = `${stops.length} restarts by SIGTERM, one at a time of ${PROCESSES}, under ${load.requests} requests of ${CLIENTS} clients`;
  tally.figures['slowest stop, ms'] = Math.round(Math.max(...stops));
}

async function startBehind(proxy: ServiceProxy, place: Place): Promise<RunningService> {
  const service = await place.start({ SHUTDOWN_DELAY_MS });
  proxy.add(service.url);
  while (!proxy.ready().includes(service.url)) {
    await sleep(10);
  }
  return service;
}

/** Answers how long it took. */
async function stop({ service, url }: RunningService, proxy: ServiceProxy, tally: Tally): Promise<number> {
  const started = performance.now();
  const { code, stderr } = await service.stop('SIGTERM');
  proxy.remove(url);
  const took = performance.now() - started;
  tally.expect(
    code === 0 && took < STOP_LIMIT_MS,
    `a stop took ${Math.round(took)} ms and ended with ${code}: ${stderr}`,
  );
  return took;
}

interface User {
  readonly client: HttpClient;
  readonly proxy: ServiceProxy;
  readonly load: { stopped: boolean; requests: number };
  readonly index: number;
}

/** Hands an invoice over, reviews it, reads it, and begins anew: every reply is known before. */
async function useUntilStopped({ client, proxy, load, index }: User, tally: Tally): Promise<void> {
  for (let number = 0; !load.stopped; number += 1) {
    const id = `restart-${index}-${number}`;
    const review = validation(id, 0, { reviewer: id, field_validations: [correct('vendor_name', id)] });
    const steps: readonly (readonly [number, () => Promise<Reply>])[] = [
      [201, () => client.post(proxy.url, '/api/v1/invoices', { id, line_items: [{ line_number: 1 }] })],
      [200, () => client.post(proxy.url, '/api/hitl/invoice/validate', review)],
      [200, () => client.get(proxy.url, `/api/hitl/invoice/${id}`)],
      [200, () => client.get(proxy.url, '/api/hitl/invoices?limit=5')],
    ];
    for (const [expected, step] of steps) {
      load.requests += 1;
      const reply = await step().catch((error: Error) => error);
      const holds = !(reply instanceof Error) && reply.status === expected;
      tally.expect(holds, `a request failed: ${reply instanceof Error ? reply.message : shown(reply)}`);
    }
  }
}
