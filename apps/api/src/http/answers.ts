import { STATUS_CODES } from 'node:http';
import type { Problem } from '../errors.ts';

/** What an error looks like outside, whichever format it is written in. */
export interface Answer {
  readonly status: number;
  /** The `detail` of /api/hitl and the other paths that are not /api/v1. */
  readonly detail: unknown;
  /** The same in words, for problem+json. */
  readonly text: string;
  readonly problems?: readonly Problem[];
  /** What problem+json says besides, and the status where it is another one there. */
  readonly problem?: { readonly status?: number; readonly members: Readonly<Record<string, unknown>> };
  readonly headers?: Readonly<Record<string, string>>;
  /** Ties a reply to the server's log. */
  readonly requestId?: string;
}

/** The body of /api/hitl, /api/ingestion, / and /health. */
export function detailBody(answer: Answer): object {
  return { detail: answer.detail, request_id: answer.requestId };
}

/** The status of an answer in problem+json. */
export function problemStatus({ status, problem }: Answer): number {
  return problem?.status ?? status;
}

/** The problem+json body of /api/v1. */
export function problemBody(answer: Answer): object {
  const status = problemStatus(answer);
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: answer.text,
    ...answer.problem?.members,
    errors: answer.problems?.map((problem) => ({
      pointer: jsonPointer(problem.path),
      code: problem.type,
      message: message(problem),
    })),
    request_id: answer.requestId,
  };
}

/** The list that `detail` holds for a request with problems. */
export function problemDetails(problems: readonly Problem[]): object[] {
  return problems.map((problem) => ({
    type: problem.type,
    loc: [problem.source, ...problem.path],
    msg: message(problem),
    input: problem.input,
  }));
}

function message(problem: Problem): string {
  return `${problem.name}: ${problem.text}`;
}

function jsonPointer(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
