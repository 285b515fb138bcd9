import { type Place, read } from '../http/reader.ts';
import { refuseOtherKeys } from '../http/shapes.ts';
import { boolean, integer } from '../http/values.ts';
import type { JsonObject } from '../json/json.ts';
import { FIELDS, LINE_FIELD_NAMES, LINE_FIELDS, type LineFieldName, MAX_LINE_NUMBER } from '../model/fields.ts';
import { address, readerOf } from '../model/invoice-readers.ts';
import type { Decimal } from '../money/decimal.ts';
import type { FieldEntry, LineEntry, ReviewRequest } from './review-request.ts';
import { type Target, type TargetValue, targetOf } from './target.ts';

/** A field that a reviewer confirmed, perhaps with another value. */
export interface FieldDecision {
  readonly target: Target;
  readonly correction?: { readonly value: TargetValue; readonly confidence: Decimal };
}

/** What a reviewer decided about a line, which is addressed by the number it had before the request. */
export type LineDecision = {
  readonly line_number: number;
  /** Index of the entry in the request. */
  readonly entry: number;
} & ({ readonly action: 'delete' } | { readonly action: 'confirm' } | LineCorrection);

/** New values of a line, and a new number where one was sent. */
export interface LineCorrection {
  readonly action: 'correct';
  readonly values: Partial<Readonly<Record<LineFieldName, string | null>>>;
  readonly renumber: number | undefined;
}

/** All that a review decides. */
export interface Decisions {
  readonly fields: readonly FieldDecision[];
  readonly lines: readonly LineDecision[];
}

/**
 * Reads the names and values of a review into decisions; entries that decide nothing are left out.
 *
 * @throws ValidationError listing every name, key and value that is wrong.
 */
export function readDecisions(request: ReviewRequest): Decisions {
  return read('body', (place) => ({
    fields: readFields(request.field_validations ?? [], place.child('field_validations')),
    lines: (request.line_item_validations ?? []).flatMap((entry, index) =>
      readLine(entry, index, place.child('line_item_validations').child(index)),
    ),
  }));
}

function readFields(entries: readonly FieldEntry[], place: Place): FieldDecision[] {
  const seen = new Set<string>();
  return entries.flatMap((entry, index) => {
    const at = place.child(index);
    const target = targetOf(entry.field_name);
    if (target === undefined) {
      return at.child('field_name').refuse<[]>('unknown_field', 'unknown field', entry.field_name);
    }
    if (seen.has(target.name)) {
      at.child('field_name').refuse('duplicate_field', 'named by an earlier entry', entry.field_name);
    }
    seen.add(target.name);
    return entry.validated ? [readField(entry, target, at)] : [];
  });
}

function readField(entry: FieldEntry, target: Target, place: Place): FieldDecision {
  if (entry.corrected_value === null) {
    return { target };
  }
  const at = place.child('corrected_value').named(entry.field_name);
  const confidence = entry.confidence === '0' ? CONFIDENCE_OF_A_CORRECTION : entry.confidence;
  return { target, correction: { value: readValue(entry, target, at), confidence } };
}

const CONFIDENCE_OF_A_CORRECTION = '0.9';

function readValue(entry: FieldEntry, target: Target, place: Place): TargetValue {
  switch (target.area) {
    case 'field':
      return readerOf(FIELDS[target.name])(entry.corrected_value, place);
    case 'tax':
      return readerOf('decimal')(entry.corrected_value, place);
    case 'address':
      return address(entry.corrected_value, place);
  }
}

function readLine(entry: LineEntry, index: number, place: Place): LineDecision[] {
  const { line_number, corrections } = entry;
  const decision = { line_number, entry: index };
  if (corrections === null || Object.keys(corrections).length === 0) {
    return entry.validated ? [{ ...decision, action: 'confirm' }] : [];
  }
  const at = place.child('corrections');
  refuseOtherKeys(corrections, isLineKey, at);
  if (Object.hasOwn(corrections, 'delete') && boolean(corrections['delete'], at.child('delete'))) {
    return [{ ...decision, action: 'delete' }];
  }
  return entry.validated ? [{ ...decision, ...readCorrection(corrections, at) }] : [];
}

function isLineKey(name: string): boolean {
  return name === 'line_number' || name === 'delete' || Object.hasOwn(LINE_FIELDS, name);
}

function readCorrection(corrections: JsonObject, place: Place): LineCorrection {
  const sent = LINE_FIELD_NAMES.filter((name) => Object.hasOwn(corrections, name));
  const values = sent.map((name) => [name, readerOf(LINE_FIELDS[name])(corrections[name], place.child(name))]);
  const renumber = Object.hasOwn(corrections, 'line_number')
    ? integer({ least: 1, most: MAX_LINE_NUMBER })(corrections['line_number'], place.child('line_number'))
    : undefined;
  return { action: 'correct', values: Object.fromEntries(values), renumber };
}
