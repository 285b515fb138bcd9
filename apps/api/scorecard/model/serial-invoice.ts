/** An invoice in the simplest terms that do: what a few of its values are after writes, one after another. */
export interface SerialInvoice {
  readonly fields: Readonly<Record<SerialField, string | null>>;
  /** Descriptions by line number. */
  readonly lines: ReadonlyMap<number, string>;
}

/** The fields that the mixed writes change; all of them are texts or canonical decimals. */
export const SERIAL_FIELDS = ['vendor_name', 'po_number', 'total_amount'] as const;

type SerialField = (typeof SERIAL_FIELDS)[number];

/** What one write does to an invoice, whichever way it comes in. */
export interface SerialWrite {
  readonly fields: Readonly<Partial<Record<SerialField, string | null>>>;
  /** New descriptions by line number; null removes the line. */
  readonly lines: ReadonlyMap<number, string | null>;
  /** Wins over the rest of the write. */
  readonly clears: readonly ('po_number' | 'line_items')[];
}

/** The invoice after a write. */
export function applyWrite(before: SerialInvoice, { fields, lines, clears }: SerialWrite): SerialInvoice {
  const after = new Map(before.lines);
  for (const [number, description] of lines) {
    if (description === null) {
      after.delete(number);
    } else {
      after.set(number, description);
    }
  }
  return {
    fields: { ...before.fields, ...fields, ...(clears.includes('po_number') && { po_number: null }) },
    lines: clears.includes('line_items') ? new Map() : after,
  };
}

/** A write that was accepted, and the version that its reply names. */
export interface AcceptedWrite {
  readonly version: number;
  readonly write: SerialWrite;
}

/** Every state of an invoice, by version, and what does not fit one write after another. */
export interface Replay {
  readonly states: readonly SerialInvoice[];
  readonly faults: readonly string[];
}

/** Does the accepted writes again in the order of their versions: each must be one more than the one before. */
export function replay(created: SerialInvoice, accepted: readonly AcceptedWrite[]): Replay {
  const states = [created];
  const faults: string[] = [];
  for (const { version, write } of [...accepted].sort((a, b) => a.version - b.version)) {
    if (version !== states.length) {
      const what = version < states.length ? 'two writes were accepted as' : 'no accepted write made the one before';
      faults.push(`${what} version ${version}`);
    }
    states.push(applyWrite(states.at(-1) ?? created, write));
  }
  return { states, faults };
}

/** A state as text, to be compared. */
export function spelled({ fields, lines }: SerialInvoice): string {
  const values = SERIAL_FIELDS.map((name) => fields[name]);
  return JSON.stringify([values, [...lines].sort(([a], [b]) => a - b)]);
}
