import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena, Check } from '../check.ts';
import { auditProblem } from '../support/api.ts';
import { HttpClient } from '../support/http-client.ts';
import type { Place, RunningService } from '../support/place.ts';
import type { Random } from '../support/random.ts';
import type { Tally } from '../support/tally.ts';
import { checkKept, type Written } from './kills-kept.ts';
import { writeUntilKilled } from './kills-load.ts';

const KILLS = 100;
const CLIENTS = 8;
/** After the first writes of a round, in milliseconds: within them nearly every moment of a write is met. */
const EARLIEST = 20;
const LATEST = 500;

/** The service is killed with SIGKILL under load, again and again: what it said it had written is there, and whole. */
export const kills: Check = { name: 'kills', measures: false, run };

async function run(arena: Arena, tally: Tally): Promise<void> {
  const rounds = arena.count(KILLS);
  const place = await arena.place();
  const written: Written[] = [];
  let running = await place.start();
  for (let round = 0; round < rounds; round += 1) {
    const ofRound = await killUnderLoad(running, arena.random, round);
    running = await startAgain(place, tally);
    const client = await arena.client();
    await checkKept({ client, url: running.url, written: ofRound }, tally);
    const problem = await auditProblem(client, running.url);
    tally.expect(problem === undefined, `kill ${round}: ${problem}`);
    written.push(...ofRound);
    client.close();
  }
  // Later kills have taken nothing of what was there.
  await checkKept({ client: await arena.client(), url: running.url, written }, tally);
  await running.service.stop();
  const acknowledged = written.filter((write) => write.acknowledged).length;
  tally.done = `${rounds} kills -9 under ${CLIENTS} clients, ${acknowledged} acknowledged writes`;
  tally.figures['writes without an answer'] = written.length - acknowledged;
  tally.figures['of which took effect'] = written.filter((write) => !write.acknowledged && write.found).length;
}

/** Answers every write that was tried, with what is known of it. */
async function killUnderLoad(running: RunningService, random: Random, round: number): Promise<Written[]> {
  const moment = random.integer(EARLIEST, LATEST);
  const clients = Array.from({ length: CLIENTS }, () => new HttpClient());
  const work = clients.map((client, index) =>
    writeUntilKilled({ client, url: running.url, prefix: `kill-${round}-${index}`, seed: random.digits(9) }),
  );
  await sleep(moment);
  await running.service.stop('SIGKILL');
  const written = (await Promise.all(work)).flat();
  for (const client of clients) {
    client.close();
  }
  return written;
}

/** The next start must need nobody's help. */
async function startAgain(place: Place, tally: Tally): Promise<RunningService> {
  const started = performance.now();
  const running = await place.start();
  const seconds = (performance.now() - started) / 1000;
  tally.figures['slowest start, s'] = Math.max(
    Number(tally.figures['slowest start, s'] ?? 0),
    Number(seconds.toFixed(1)),
  );
  tally.expect(running.service.stderr === '', `a start after a kill complained: ${running.service.stderr}`);
  return running;
}
