import type { Arena, Check } from '../check.ts';
import { replay, spelled } from '../model/serial-invoice.ts';
import { auditProblem, countHistory } from '../support/api.ts';
import type { HttpClient } from '../support/http-client.ts';
import { Random } from '../support/random.ts';
import type { Tally } from '../support/tally.ts';
import { type Ledger, readInvoice, type Session, writeOnce } from './mixed-writes-load.ts';

const WRITES = 10_000;
const CLIENTS = 16;
const PROCESSES = 3;

/**
 * Clients hand over, review and change the same invoices at random. Afterwards the writes that were accepted, done one
 * after another in the order of their versions, must give what is stored, and what was read meanwhile.
 */
export const mixedWrites: Check = { name: 'mixed-writes', measures: false, run };

async function run(arena: Arena, tally: Tally): Promise<void> {
  const place = await arena.place();
  const services = await Promise.all(Array.from({ length: PROCESSES }, () => place.start()));
  const left = { writes: arena.count(WRITES) };
  const ledgers: Ledger[] = [];
  const accepted = new Map<string, number>();
  const started = performance.now();
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, index) => {
      const session: Session = {
        client: await arena.client(),
        url: services[index % PROCESSES]?.url ?? '',
        random: new Random(`${arena.random.digits(9)} ${index}`),
        ledgers,
        accepted,
        tally,
      };
      while (left.writes > 0) {
        left.writes -= 1;
        await writeOnce(session);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;

  const client = await arena.client();
  const url = services[0]?.url ?? '';
  for (const ledger of ledgers) {
    await compare({ client, url, ledger }, tally);
  }
  const problem = await auditProblem(client, url);
  tally.expect(problem === undefined, String(problem));
  const stale = ledgers.reduce((sum, ledger) => sum + ledger.stale, 0);
  tally.done = `${arena.count(WRITES)} writes and as many reads, ${CLIENTS} clients, ${PROCESSES} processes, ${ledgers.length} invoices`;
  tally.figures['accepted changes'] = [...accepted].map(([way, count]) => `${count} x ${way}`).join(', ');
  tally.figures['refused as stale'] = stale;
  tally.figures['writes a second'] = Math.round(arena.count(WRITES) / seconds);
}

interface Compared {
  readonly client: HttpClient;
  readonly url: string;
  readonly ledger: Ledger;
}

/** Holds the invoice, and every read of it, against the accepted writes. */
async function compare({ client, url, ledger }: Compared, tally: Tally): Promise<void> {
  const { id, created, accepted, reads } = ledger;
  const { states, faults } = replay(created, accepted);
  tally.expect(faults.length === 0, `${id}: ${faults.join('; ')}`);
  const last = await readInvoice(client, url, id);
  const entries = await countHistory(client, url, id);
  tally.expect(
    last.version === accepted.length && entries === accepted.length,
    `${id}: ${accepted.length} accepted changes, version ${last.version}, ${entries} entries in the history`,
  );
  for (const { version, state } of [...reads, last]) {
    const expected = states[version];
    const holds = expected !== undefined && spelled(expected) === spelled(state);
    tally.expect(holds, `${id} reads ${spelled(state)} at version ${version}, not ${expected && spelled(expected)}`);
  }
}
