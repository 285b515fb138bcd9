import type { SerialWrite } from '../model/serial-invoice.ts';
import { correct, validation } from '../support/api.ts';
import type { Call, Reply } from '../support/http-client.ts';
import type { ReadInvoice } from './mixed-writes-load.ts';

/** One way in which an invoice that is there can be changed. */
export interface Way {
  readonly name: string;
  /** As much of a write as can be done in this way. */
  narrow(write: SerialWrite, read: ReadInvoice): SerialWrite;
  call(id: string, expectedVersion: number, write: SerialWrite, read: ReadInvoice): Call;
  accepts(reply: Reply): boolean;
  /** The version that an accepted write made. */
  versionOf(reply: Reply): number;
  /** The version that a refusal as stale names; undefined for any other reply. */
  staleAt(reply: Reply): number | undefined;
}

const review: Way = {
  name: 'review',
  narrow: (write) => write,
  call: (id, expectedVersion, write) => ({
    method: 'POST',
    path: '/api/hitl/invoice/validate',
    body: validation(id, expectedVersion, reviewBody(write)),
  }),
  accepts: ({ status }) => status === 200,
  versionOf: ({ json }) => json.review_version,
  staleAt: (reply) => (reply.status === 409 ? reply.json.detail.current_review_version : undefined),
};

function reviewBody({ fields, lines, clears }: SerialWrite): object {
  return {
    field_validations: Object.entries(fields).map(([name, value]) => correct(name, value)),
    line_item_validations: [...lines].map(([line_number, description]) => ({
      ...{ line_number, validated: true },
      corrections: description === null ? { delete: true } : { description },
    })),
    clear_fields: clears,
  };
}

/** All ways there are. */
export const WAYS: readonly Way[] = [review];
