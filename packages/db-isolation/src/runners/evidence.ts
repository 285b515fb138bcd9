import { ENOUGH_KEPT, type ReleaseReport } from '../core/lease.ts';
import { hasCode, type IsolationError, leaked } from '../errors.ts';
import { describeChanges } from '../evidence/describe-changes.ts';
import { describeLeak } from '../leaks.ts';

/** What has to be said of a test that has ended. */
export interface Verdict {
  /** What a test fails with that had passed until its leaks were found. */
  readonly error?: IsolationError;
  /** What the output of a test that has failed before should say as well; may be empty. */
  readonly addition: string;
}

/** @param failure what the test failed with; undefined when it passed. */
export function verdictOn(title: string, report: ReleaseReport, failure: unknown): Verdict {
  const leaks = describeLeaks(report, failure);
  const evidence = describeEvidence(report);
  if (failure === undefined && leaks.length > 0) return { error: leakError(title, leaks, evidence), addition: '' };
  const also = leaks.length > 0 ? ['It also leaked.', ...leaks.map((leak) => `- ${leak}`)] : [];
  return { addition: [...also, ...evidence].join('\n') };
}

/** What the test leaked, where that fails it. What it has failed with already is not said once more. */
function describeLeaks({ leaks }: ReleaseReport, failure: unknown): readonly string[] {
  const known = hasCode(failure, 'DBI_FOREIGN_DATABASE') ? 'foreign-database' : undefined;
  return leaks.filter(({ reaction, kind }) => reaction === 'fail' && kind !== known).map(describeLeak);
}

function describeEvidence({ changes, kept, reason }: ReleaseReport): readonly string[] {
  const lines: string[] = [];
  if (changes) lines.push(describeChanges(changes));
  if (kept) lines.push(`Its database was kept: ${kept.url}`, `Open it with: ${kept.command}`);
  if (reason === ENOUGH_KEPT) lines.push(`Its database was not kept: ${ENOUGH_KEPT}.`);
  return lines;
}

/** It has no stack: what matters is the place that a leak names. */
function leakError(title: string, leaks: readonly string[], evidence: readonly string[]): IsolationError {
  const error = leaked(title, leaks);
  error.message = [error.message, ...evidence].join('\n');
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
