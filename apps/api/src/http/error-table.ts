import {
  DatabaseBusyError,
  DocumentNotFoundError,
  DuplicateDocumentError,
  EmptyFileError,
  FileRejectedError,
  ForbiddenError,
  InvalidClearFieldsError,
  InvalidStateError,
  InvoiceExistsError,
  InvoiceNotFoundError,
  KeyNotFoundError,
  LineNotFoundError,
  RequestInProgressError,
  RequestKeyReusedError,
  StaleWriteError,
  ValidationError,
} from '../errors.ts';
import { type Answer, problemDetails } from './answers.ts';
import {
  BodyTooLargeError,
  DatabaseUnavailableError,
  IssuerUnavailableError,
  MalformedPreconditionError,
  MalformedRequestKeyError,
  MalformedUrlError,
  MethodNotAllowedError,
  PreconditionRequiredError,
  RangeNotSatisfiableError,
  TooManyRequestsError,
  UnauthenticatedError,
  UnknownPathError,
  UnsupportedTypeError,
} from './http-errors.ts';

interface Row {
  /** The answer, when the error is of this row's kind. */
  readonly match: (error: unknown) => Answer | undefined;
}

const BUSY = 'Too many writes at the same moment. Nothing was written; send the request again.';

/** What a client is told that has to send another credential (RFC 6750). */
const CHALLENGES = {
  missing: 'Bearer realm="invoice-api"',
  invalid: 'Bearer realm="invoice-api", error="invalid_token"',
  insufficient: 'Bearer realm="invoice-api", error="insufficient_scope"',
};

const rows: readonly Row[] = [
  row(MalformedUrlError, () => plain(400, 'Malformed URL escape')),
  row(UnauthenticatedError, (error) => ({
    ...plain(401, error.message),
    headers: { 'WWW-Authenticate': CHALLENGES[error.credential] },
  })),
  row(ForbiddenError, (error) => ({
    ...plain(403, error.message),
    headers: { 'WWW-Authenticate': CHALLENGES.insufficient },
  })),
  row(TooManyRequestsError, () => plain(429, 'Too many requests')),
  row(UnknownPathError, () => plain(404, 'Not Found')),
  row(MethodNotAllowedError, (error) => ({ ...plain(405, 'Method Not Allowed'), headers: { Allow: error.allow } })),
  row(MalformedPreconditionError, (error) => plain(400, error.message)),
  row(PreconditionRequiredError, (error) => plain(428, error.message)),
  row(UnsupportedTypeError, (error) => ({ ...plain(415, error.message), headers: { 'Accept-Patch': error.accepted } })),
  row(RangeNotSatisfiableError, (error) => ({
    ...plain(416, error.message),
    headers: { 'Content-Range': `bytes */${error.size}` },
  })),
  row(BodyTooLargeError, () => plain(413, 'Request body too large')),
  row(DatabaseUnavailableError, () => plain(503, 'Database unavailable')),
  row(IssuerUnavailableError, () => plain(503, 'The issuer of the token cannot be reached')),
  row(DatabaseBusyError, () => ({
    status: 503,
    detail: { error_code: 'DATABASE_BUSY', message: BUSY, retryable: true },
    text: BUSY,
    headers: { 'Retry-After': '1' },
  })),
  row(MalformedRequestKeyError, (error) => plain(400, error.message)),
  row(RequestKeyReusedError, (error) => ({
    ...plain(422, error.message),
    problems: [
      {
        type: 'string_invalid',
        source: 'body',
        path: [],
        name: 'Idempotency-Key',
        text: 'was used before',
        input: null,
      },
    ],
  })),
  row(RequestInProgressError, (error) => ({ ...plain(409, error.message), headers: { 'Retry-After': '1' } })),
  row(ValidationError, ({ problems }) => ({
    status: 422,
    detail: problemDetails(problems),
    text: problems.length === 1 ? 'The request has 1 problem' : `The request has ${problems.length} problems`,
    problems,
  })),
  row(InvoiceNotFoundError, (error) => plain(404, error.message)),
  row(LineNotFoundError, (error) => plain(404, error.message)),
  row(DocumentNotFoundError, (error) => plain(404, error.message)),
  row(KeyNotFoundError, (error) => plain(404, error.message)),
  row(EmptyFileError, (error) => plain(400, error.message)),
  row(FileRejectedError, ({ message }) => ({
    status: 400,
    detail: { message: 'File validation failed', errors: [message] },
    text: message,
  })),
  row(DuplicateDocumentError, ({ message, invoiceId }) => ({
    status: 409,
    detail: { error_code: 'DUPLICATE_DOCUMENT', message, invoice_id: invoiceId },
    text: message,
    problem: { members: { invoice_id: invoiceId } },
  })),
  row(InvoiceExistsError, (error) => plain(409, error.message)),
  row(InvalidClearFieldsError, (error) => ({
    status: 400,
    detail: {
      error_code: 'INVALID_CLEAR_FIELDS',
      message: error.message,
      disallowed_fields: error.disallowed,
      allowed_fields: error.allowed,
    },
    text: error.message,
    problem: { members: { disallowed_fields: error.disallowed, allowed_fields: error.allowed } },
  })),
  row(InvalidStateError, (error) => ({
    status: 409,
    detail: {
      error_code: 'INVALID_STATE_TRANSITION',
      message: error.message,
      invoice_id: error.invoiceId,
      current_state: error.currentState,
      attempted_to_state: 'VALIDATED',
    },
    text: error.message,
    problem: { members: { current_state: error.currentState } },
  })),
  row(StaleWriteError, ({ message, stale }) => {
    const writes = {
      current_review_version: stale.currentVersion,
      changed_fields: stale.changedFields,
      updated_by: stale.updatedBy,
      updated_at: stale.updatedAt,
    };
    return {
      status: 409,
      detail: {
        ...{ error_code: 'STALE_WRITE', message, retryable: false },
        // In the order of the contract's example.
        ...{ current_review_version: stale.currentVersion, invoice_id: stale.invoiceId },
        ...writes,
      },
      text: message,
      // There the version comes in If-Match.
      problem: { status: 412, members: writes },
    };
  }),
];

/** The answer to an error; undefined for one that nobody foresaw. The only place that knows status codes of errors. */
export function answerTo(error: unknown): Answer | undefined {
  for (const each of rows) {
    const answer = each.match(error);
    if (answer !== undefined) {
      return answer;
    }
  }
  return undefined;
}

/** The answer to an error that nobody foresaw: it says nothing but where to look in the log. */
export function unforeseenAnswer(requestId: string): Answer {
  return { ...plain(500, 'Internal server error'), requestId };
}

function plain(status: number, text: string): Answer {
  return { status, detail: text, text };
}

function row<E extends Error>(kind: abstract new (...parameters: never[]) => E, answer: (error: E) => Answer): Row {
  return { match: (error) => (error instanceof kind ? answer(error) : undefined) };
}
