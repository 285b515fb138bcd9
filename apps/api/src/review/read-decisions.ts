import { z } from 'zod';
import { Problems } from '../http/problems.ts';
import { boolean, decimal, integer } from '../http/values.ts';
import { FIELDS, LINE_FIELD_NAMES, LINE_FIELDS, type LineFieldName, MAX_LINE_NUMBER } from '../model/fields.ts';
import { address, schemaOf } from '../model/invoice-readers.ts';
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
  const problems = new Problems('body');
  const decisions = {
    fields: readFields(request.field_validations ?? [], problems),
    lines: (request.line_item_validations ?? []).flatMap((entry, index) => readLine(entry, index, problems)),
  };
  problems.throwIfAny();
  return decisions;
}

function readFields(entries: readonly FieldEntry[], problems: Problems): FieldDecision[] {
  const seen = new Set<string>();
  return entries.flatMap((entry, index) => {
    const at = ['field_validations', index, 'field_name'];
    const target = targetOf(entry.field_name);
    if (target === undefined) {
      problems.add('unknown_field', at, 'unknown field', entry.field_name);
      return [];
    }
    if (seen.has(target.name)) {
      problems.add('duplicate_field', at, 'named by an earlier entry', entry.field_name);
    }
    seen.add(target.name);
    return entry.validated ? [readField(entry, index, target, problems)] : [];
  });
}

function readField(entry: FieldEntry, index: number, target: Target, problems: Problems): FieldDecision {
  const { corrected_value, field_name } = entry;
  if (corrected_value === null) {
    return { target };
  }
  const path = ['field_validations', index, 'corrected_value'];
  const value = problems.read(valueSchema(target), corrected_value, path, field_name);
  return { target, correction: { value, confidence: entry.confidence === '0' ? SURE : entry.confidence } };
}

/** The confidence of a correction whose entry says 0. */
const SURE = '0.9';

function valueSchema(target: Target): z.ZodType<TargetValue> {
  switch (target.area) {
    case 'field':
      return schemaOf(FIELDS[target.name]);
    case 'tax':
      return decimal;
    case 'address':
      return address;
  }
}

function readLine(entry: LineEntry, index: number, problems: Problems): LineDecision[] {
  const { line_number, corrections } = entry;
  const decision = { line_number, entry: index };
  if (corrections === null || Object.keys(corrections).length === 0) {
    return entry.validated ? [{ ...decision, action: 'confirm' }] : [];
  }
  const path = ['line_item_validations', index, 'corrections'];
  const isApplied = entry.validated && corrections['delete'] !== true;
  const sent: Corrections = problems.read(isApplied ? lineCorrections : unreadCorrections, corrections, path) ?? {};
  const { delete: isDeleted = false, line_number: renumber, ...values } = sent;
  if (isDeleted) {
    return [{ ...decision, action: 'delete' }];
  }
  return entry.validated ? [{ ...decision, action: 'correct', values, renumber }] : [];
}

/** New values of a line; keys that are not sent stay away. */
const lineCorrections: z.ZodType<Corrections> = z.strictObject({
  line_number: integer({ least: 1, most: MAX_LINE_NUMBER }).exactOptional(),
  ...mapNames(LINE_FIELD_NAMES, (name) => schemaOf(LINE_FIELDS[name]).exactOptional()),
  delete: boolean.exactOptional(),
});

/** Corrections that are not applied: keys are checked, values are not. */
const unreadCorrections: z.ZodType<Corrections> = z
  .strictObject({
    ...mapNames(['line_number', ...LINE_FIELD_NAMES], () => z.unknown().optional()),
    delete: boolean.optional(),
  })
  .transform(({ delete: isDeleted = false }) => ({ delete: isDeleted }));

type Corrections = LineCorrection['values'] & { readonly line_number?: number; readonly delete?: boolean };

function mapNames<N extends string, T>(names: readonly N[], make: (name: N) => T): Record<N, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<N, T>;
}
