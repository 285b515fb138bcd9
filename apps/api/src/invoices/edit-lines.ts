import { LineNotFoundError, type ProblemType, ValidationError } from '../errors.ts';
import { LINE_FIELD_NAMES } from '../model/fields.ts';
import type { Invoice, LineItem } from '../model/invoice.ts';
import type { EditResult } from './edit-invoice.ts';
import type { LineEdit } from './edit-request.ts';
import { MAX_LINES } from './hand-over-request.ts';

/**
 * Finds a line of an invoice.
 *
 * @throws LineNotFoundError when no line has the id, whatever text it is.
 */
export function getLine(invoice: Invoice, lineId: string): LineItem {
  const line = invoice.line_items.find(({ id }) => id === lineId);
  if (line === undefined) {
    throw new LineNotFoundError(invoice.id, lineId);
  }
  return line;
}

/** Adds a line. Its `lines` throw a ValidationError when the number is taken or there are too many. */
export function addLine(invoice: Invoice, line: LineItem): EditResult {
  return { lines: () => withLine(invoice.line_items, line) };
}

/**
 * Changes a line, which loses its confirmation with one of its values; another number alone leaves it. Its `lines` throw
 * a ValidationError when the number is taken.
 *
 * @throws LineNotFoundError
 */
export function changeLine(invoice: Invoice, lineId: string, edit: LineEdit): EditResult {
  const line = getLine(invoice, lineId);
  const changed: LineItem = { ...line, ...edit };
  const isSame = LINE_FIELD_NAMES.every((name) => changed[name] === line[name]);
  const after = isSame ? changed : { ...changed, validated: false, validated_by: null, validated_at: null };
  return { lines: () => withLine(withoutLine(invoice, line), after) };
}

/**
 * Removes a line.
 *
 * @throws LineNotFoundError
 */
export function removeLine(invoice: Invoice, lineId: string): EditResult {
  const line = getLine(invoice, lineId);
  return { lines: () => withoutLine(invoice, line) };
}

function withoutLine(invoice: Invoice, line: LineItem): LineItem[] {
  return invoice.line_items.filter((each) => each !== line);
}

function withLine(others: readonly LineItem[], line: LineItem): LineItem[] {
  const { line_number } = line;
  if (others.some((other) => other.line_number === line_number)) {
    throw refusal('duplicate_line', ['line_number'], 'another line has this number', line_number);
  }
  if (others.length >= MAX_LINES) {
    throw refusal('list_type', [], `the invoice has ${MAX_LINES} lines, which is the most`, null);
  }
  return [...others, line].sort((a, b) => a.line_number - b.line_number);
}

function refusal(type: ProblemType, path: readonly string[], text: string, input: unknown): ValidationError {
  return new ValidationError([{ type, source: 'body', path, name: path[0] ?? 'body', text, input }]);
}
