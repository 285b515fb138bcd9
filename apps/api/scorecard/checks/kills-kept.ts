import { pdf } from '../../test/support/pdf.ts';
import type { HttpClient, Reply } from '../support/http-client.ts';
import type { Tally } from '../support/tally.ts';

/** A write that was tried while the service was killed. */
export interface Written {
  readonly kind: 'hand-over' | 'review' | 'upload';
  /** What it leaves in every place that it changes. */
  readonly mark: string;
  /** The invoice; an upload's is only known once it was acknowledged. */
  id: string;
  /** The version that it produces. */
  readonly version: number;
  acknowledged: boolean;
  /** Whether it had an effect. */
  found: boolean;
  /** A reply that should not have come. */
  unexpected?: string | undefined;
}

interface Kept {
  readonly client: HttpClient;
  readonly url: string;
  readonly written: readonly Written[];
}

/** Looks for everything that was acknowledged, and for halves of anything. */
export async function checkKept({ client, url, written }: Kept, tally: Tally): Promise<void> {
  for (const write of written.filter(({ unexpected }) => unexpected !== undefined)) {
    tally.lose(`${write.kind} ${write.mark} was answered ${write.unexpected}`);
  }
  const ids = new Set(written.filter(({ kind }) => kind !== 'upload').map(({ id }) => id));
  for (const id of ids) {
    await checkInvoice({ client, url, written: written.filter((write) => write.id === id) }, id, tally);
  }
  for (const upload of written.filter(({ kind, acknowledged }) => kind === 'upload' && acknowledged)) {
    const { bytes } = await client.get(url, `/api/hitl/invoice/${upload.id}/pdf`);
    tally.expect(
      bytes.equals(pdf({ text: upload.mark })),
      `the document of ${upload.mark} is not there as it was sent`,
    );
  }
}

/** The writes of one invoice came one after another, so only the last of them may be missing. */
async function checkInvoice({ client, url, written }: Kept, id: string, tally: Tally): Promise<void> {
  const reply = await client.get(url, `/api/v1/invoices/${id}`);
  const { json: history } = await client.get(url, `/api/hitl/invoice/${id}/history`);
  const version = reply.status === 200 ? reply.json.review_version : -1;
  for (const write of written) {
    write.found = version >= write.version;
    if (write.acknowledged) {
      tally.expect(write.found, `${write.kind} ${write.mark} was acknowledged and is not there`);
    }
  }
  if (version >= 0) {
    const mark = written.find((write) => write.version === version)?.mark;
    tally.expect(isWhole(reply, history, mark), `${id} is not as any single write left it, at version ${version}`);
  }
}

/** Fields, lines, history and version all bear the mark of the write that made this version. */
function isWhole(
  { json }: Reply,
  history: readonly { reviewer: string; review_version: number }[],
  mark?: string,
): boolean {
  const lines: { description: string; line_number: number }[] = json.line_items;
  return (
    json.vendor_name === mark &&
    lines.length === Number(json.po_number) &&
    lines.every(({ description, line_number }, index) => description === mark && line_number === index + 1) &&
    history.length === json.review_version &&
    history.every(({ review_version }, index) => review_version === index + 1) &&
    (history.at(-1)?.reviewer ?? mark) === mark
  );
}
