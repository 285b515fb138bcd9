import { randomUUID } from 'node:crypto';
import { type Path, Problems } from '../http/problems.ts';
import { LINE_FIELD_NAMES } from '../model/fields.ts';
import type { Confirmation, LineItem } from '../model/invoice.ts';
import { compareDecimals } from '../money/decimal.ts';
import type { LineCorrection, LineDecision } from './read-decisions.ts';

const CONFIDENCE_OF_A_REVIEWER = '0.99';

/** A line while decisions are applied, with the place in the request that gave it its number, if one did. */
interface WorkingLine {
  readonly line: LineItem;
  readonly numberedAt: Path | undefined;
}

/**
 * Applies a review's decisions to the lines of an invoice, in the order they were sent.
 *
 * @throws ValidationError when a decision is about a line that is not there or leaves two lines with one number.
 */
export function planLines(
  stored: readonly LineItem[],
  decisions: readonly LineDecision[],
  confirmation: Confirmation,
): readonly LineItem[] {
  const work: Work = {
    known: new Map(stored.map((line) => [line.line_number, { line, numberedAt: undefined }])),
    created: new Map(),
    confirmation,
    problems: new Problems('body'),
  };
  for (const decision of decisions) {
    apply(decision, work);
  }
  const lines = numbered([...work.known.values(), ...work.created.values()], work.problems);
  work.problems.throwIfAny();
  return lines;
}

interface Work {
  /** Stored lines that are still there, by the number they had before the request. */
  readonly known: Map<number, WorkingLine>;
  /** Lines that the request creates, by number. */
  readonly created: Map<number, WorkingLine>;
  readonly confirmation: Confirmation;
  readonly problems: Problems;
}

function apply(decision: LineDecision, { known, created, confirmation, problems }: Work): void {
  const { line_number } = decision;
  const working = known.get(line_number);
  const numberedAt = ['line_item_validations', decision.entry, 'line_number'];
  const renumberedAt = ['line_item_validations', decision.entry, 'corrections', 'line_number'];
  if (decision.action === 'delete') {
    known.delete(line_number);
  } else if (working !== undefined) {
    const correction = decision.action === 'correct' ? decision : undefined;
    known.set(line_number, revised(working, correction, confirmation, renumberedAt));
  } else if (decision.action === 'confirm') {
    problems.add('line_not_found', numberedAt, 'no line has this number', line_number);
  } else if (created.has(line_number)) {
    problems.add('duplicate_line', numberedAt, 'created by an earlier entry', line_number);
  } else if (decision.renumber !== undefined && decision.renumber !== line_number) {
    problems.add('line_not_found', renumberedAt, 'no line has the old number', decision.renumber);
  } else {
    created.set(line_number, { line: createdLine(decision, line_number, confirmation), numberedAt });
  }
}

function revised(
  { line, numberedAt }: WorkingLine,
  correction: LineCorrection | undefined,
  confirmation: Confirmation,
  renumberedAt: Path,
): WorkingLine {
  if (correction === undefined) {
    return { line: { ...line, ...confirmed(confirmation) }, numberedAt };
  }
  const { values, renumber } = correction;
  const sure = compareDecimals(line.confidence, CONFIDENCE_OF_A_REVIEWER) > 0;
  return {
    line: {
      ...line,
      ...values,
      line_number: renumber ?? line.line_number,
      confidence: sure ? line.confidence : CONFIDENCE_OF_A_REVIEWER,
      ...confirmed(confirmation),
    },
    numberedAt: renumber === undefined ? numberedAt : renumberedAt,
  };
}

function createdLine({ values }: LineCorrection, line_number: number, confirmation: Confirmation): LineItem {
  const nothing = Object.fromEntries(LINE_FIELD_NAMES.map((name) => [name, null])) as Pick<
    LineItem,
    (typeof LINE_FIELD_NAMES)[number]
  >;
  const confidence = CONFIDENCE_OF_A_REVIEWER;
  return { id: randomUUID(), ...nothing, ...values, line_number, confidence, ...confirmed(confirmation) };
}

function confirmed({ by, at }: Confirmation): Pick<LineItem, 'validated' | 'validated_by' | 'validated_at'> {
  return { validated: true, validated_by: by, validated_at: at };
}

/** The lines by number; each line that was given the number of another is refused. */
function numbered(working: readonly WorkingLine[], problems: Problems): LineItem[] {
  const taken = new Set<number>();
  const unmovedFirst = [...working].sort(
    (a, b) => Number(a.numberedAt !== undefined) - Number(b.numberedAt !== undefined),
  );
  for (const { line, numberedAt } of unmovedFirst) {
    if (taken.has(line.line_number) && numberedAt !== undefined) {
      problems.add('duplicate_line', numberedAt, 'another line has this number', line.line_number);
    }
    taken.add(line.line_number);
  }
  return working.map(({ line }) => line).sort((a, b) => a.line_number - b.line_number);
}
