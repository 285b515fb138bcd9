import { pdf } from '../../test/support/pdf.ts';
import { correct, fileUpload, validation } from '../support/api.ts';
import type { Call, HttpClient, Reply } from '../support/http-client.ts';
import { Random } from '../support/random.ts';
import type { Written } from './kills-kept.ts';

const MOST_LINES = 40;

interface Writer {
  readonly client: HttpClient;
  readonly url: string;
  /** Begins the ids of its invoices. */
  readonly prefix: string;
  readonly seed: string;
}

/**
 * Hands invoices over, reviews and uploads, one request after another, until the service is gone. Every write bears a
 * mark in each place that it changes, so that a half of it would show.
 */
export async function writeUntilKilled({ client, url, prefix, seed }: Writer): Promise<Written[]> {
  const random = new Random(seed);
  const written: Written[] = [];
  const invoices: { id: string; version: number }[] = [];
  for (let number = 0; ; number += 1) {
    const mark = `${prefix}-${number}`;
    const target = random.pick(invoices.length > 0 ? invoices : [undefined]);
    const kind = target === undefined || random.chance(0.3) ? 'hand-over' : random.chance(0.1) ? 'upload' : 'review';
    const write: Written = {
      ...{ kind, mark, id: kind === 'review' ? String(target?.id) : mark },
      ...{ version: kind === 'review' ? Number(target?.version) + 1 : 0, acknowledged: false, found: false },
    };
    written.push(write);
    const reply = await client.send(url, callOf(write, random)).catch(() => undefined);
    if (reply === undefined) {
      return written;
    }
    acknowledge(write, reply);
    if (kind === 'hand-over') {
      invoices.push({ id: mark, version: 0 });
    } else if (kind === 'review' && target !== undefined) {
      target.version += 1;
    }
  }
}

function acknowledge(write: Written, reply: Reply): void {
  const expected = write.kind === 'review' ? 200 : 201;
  write.acknowledged = reply.status === expected;
  write.unexpected = write.acknowledged ? undefined : `${reply.status} ${reply.bytes.toString('utf8').slice(0, 120)}`;
  if (write.kind === 'upload' && write.acknowledged) {
    write.id = reply.json.invoice_id;
  }
}

function callOf({ kind, mark, id, version }: Written, random: Random): Call {
  switch (kind) {
    case 'upload':
      return fileUpload(pdf({ text: mark }), `${mark}.pdf`);
    case 'hand-over':
      return { method: 'POST', path: '/api/v1/invoices', body: { id, ...marked(mark, random.integer(1, MOST_LINES)) } };
    case 'review':
      return { method: 'POST', path: '/api/hitl/invoice/validate', body: review(id, version, mark, random) };
  }
}

function marked(mark: string, lines: number): object {
  const line_items = Array.from({ length: lines }, (_, index) => ({ line_number: index + 1, description: mark }));
  return { vendor_name: mark, po_number: String(lines), line_items };
}

/** Puts the mark into a field and into all lines, of which there may be more or fewer afterwards. */
function review(id: string, version: number, mark: string, random: Random): object {
  const lines = random.integer(1, MOST_LINES);
  return validation(id, version - 1, {
    reviewer: mark,
    field_validations: [correct('vendor_name', mark), correct('po_number', String(lines))],
    line_item_validations: Array.from({ length: MOST_LINES }, (_, index) => ({
      ...{ line_number: index + 1, validated: true },
      corrections: index < lines ? { description: mark } : { delete: true },
    })),
  });
}
