import type { SerialWrite } from '../model/serial-invoice.ts';
import { correct, validation } from '../support/api.ts';
import type { Call, Reply } from '../support/http-client.ts';
import type { ReadInvoice } from './mixed-writes-load.ts';

/** One way in which an invoice that is there can be changed. */
export interface Way {
  readonly name: string;
  /** Whether it addresses a line by its id. */
  readonly needsLineIds?: boolean;
  /** As much of a write as this way can do to the invoice that was read; undefined when that is nothing. */
  narrow(write: SerialWrite, read: ReadInvoice): SerialWrite | undefined;
  call(id: string, expectedVersion: number, write: SerialWrite, read: ReadInvoice): Call;
  /** The version that an accepted write made; undefined when it was not accepted. */
  versionOf(reply: Reply): number | undefined;
  /** The version that a refusal as stale names; undefined for any other reply. */
  staleAt(reply: Reply): number | undefined;
}

const NOTHING: SerialWrite = { fields: {}, lines: new Map(), clears: [] };

/** `POST /api/hitl/invoice/validate` */
export const validate: Way = {
  name: 'validate',
  narrow: (write) => write,
  call: (id, expectedVersion, write) => ({
    method: 'POST',
    path: '/api/hitl/invoice/validate',
    body: validation(id, expectedVersion, reviewOf(write)),
  }),
  versionOf: ({ status, json }) => (status === 200 ? json.review_version : undefined),
  staleAt: ({ status, json }) => (status === 409 ? json.detail.current_review_version : undefined),
};

/** What the ways of /api/v1 have in common: the version is an entity tag, and a stale one a 412. */
const resource = {
  versionOf: ({ status, headers }: Reply) => (status < 300 ? Number(headers.etag?.replaceAll('"', '')) : undefined),
  staleAt: ({ status, json }: Reply) => (status === 412 ? json.current_review_version : undefined),
};

const review: Way = {
  ...resource,
  name: 'review',
  narrow: (write) => write,
  call: (id, expectedVersion, write) => ({
    method: 'POST',
    path: `/api/v1/invoices/${id}/review`,
    headers: ifMatch(expectedVersion),
    body: reviewOf(write),
  }),
};

const patch: Way = {
  ...resource,
  name: 'patch',
  narrow: ({ fields }) => (Object.keys(fields).length === 0 ? undefined : { ...NOTHING, fields }),
  call: (id, expectedVersion, { fields }) => ({
    method: 'PATCH',
    path: `/api/v1/invoices/${id}`,
    headers: { ...ifMatch(expectedVersion), ...MERGE_PATCH },
    body: fields,
  }),
};

const addLine: Way = {
  ...resource,
  name: 'new line',
  narrow: (write, { state }) => oneLine(write, (number, text) => text !== null && !state.lines.has(number)),
  call: (id, expectedVersion, { lines }) => {
    const [[line_number, description] = []] = lines;
    return {
      method: 'POST',
      path: `/api/v1/invoices/${id}/line-items`,
      headers: ifMatch(expectedVersion),
      body: { line_number, description },
    };
  },
};

const changeLine: Way = {
  ...resource,
  name: 'changed line',
  needsLineIds: true,
  narrow: (write, { lineIds }) => oneLine(write, (number) => lineIds.has(number)),
  call: (id, expectedVersion, { lines }, { lineIds }) => {
    const [[number = 0, description] = []] = lines;
    const path = `/api/v1/invoices/${id}/line-items/${lineIds.get(number)}`;
    return description === null
      ? { method: 'DELETE', path, headers: ifMatch(expectedVersion) }
      : { method: 'PATCH', path, headers: { ...ifMatch(expectedVersion), ...MERGE_PATCH }, body: { description } };
  },
  // Somebody else has removed the line.
  staleAt: (reply) => (reply.status === 404 ? Number.NaN : resource.staleAt(reply)),
};

const MERGE_PATCH = { 'Content-Type': 'application/merge-patch+json' };

/** All ways there are. */
export const WAYS: readonly Way[] = [validate, review, patch, addLine, changeLine];

function ifMatch(version: number): Record<string, string> {
  return { 'If-Match': `"${version}"` };
}

function oneLine(write: SerialWrite, fits: (number: number, text: string | null) => boolean): SerialWrite | undefined {
  const line = [...write.lines].find(([number, text]) => fits(number, text));
  return line && { ...NOTHING, lines: new Map([line]) };
}

function reviewOf({ fields, lines, clears }: SerialWrite): object {
  return {
    field_validations: Object.entries(fields).map(([name, value]) => correct(name, value)),
    line_item_validations: [...lines].map(([line_number, description]) => ({
      ...{ line_number, validated: true },
      corrections: description === null ? { delete: true } : { description },
    })),
    clear_fields: clears,
  };
}
