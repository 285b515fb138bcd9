import {
  DatabaseBusyError,
  DocumentNotFoundError,
  DuplicateDocumentError,
  EmptyFileError,
  FileRejectedError,
  InvalidClearFieldsError,
  InvalidStateError,
  InvoiceExistsError,
  InvoiceNotFoundError,
  RequestInProgressError,
  RequestKeyReusedError,
  StaleWriteError,
  ValidationError,
} from '../errors.ts';
import { type Answer, problemDetails } from './answers.ts';
import {
  BodyTooLargeError,
  DatabaseUnavailableError,
  MalformedRequestKeyError,
  MalformedUrlError,
  MethodNotAllowedError,
  UnknownPathError,
} from './http-errors.ts';

interface Row {
  /** The answer, when the error is of this row's kind. */
  readonly match: (error: unknown) => Answer | undefined;
}

const BUSY = 'Too many writes at the same moment. Nothing was written; send the request again.';

const rows: readonly Row[] = [
  row(MalformedUrlError, () => plain(400, 'Malformed URL escape')),
  row(UnknownPathError, () => plain(404, 'Not Found')),
  row(MethodNotAllowedError, (error) => ({ ...plain(405, 'Method Not Allowed'), headers: { Allow: error.allow } })),
  row(BodyTooLargeError, () => plain(413, 'Request body too large')),
  row(DatabaseUnavailableError, () => plain(503, 'Database unavailable')),
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
      { type: 'string_invalid', source: 'body', path: [], name: 'Idempotency-Key', text: 'was used before', input: null },
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
  row(DocumentNotFoundError, (error) => plain(404, error.message)),
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
  })),
  row(StaleWriteError, ({ message, stale }) => ({
    status: 409,
    detail: {
      error_code: 'STALE_WRITE',
      message,
      retryable: false,
      current_review_version: stale.currentVersion,
      invoice_id: stale.invoiceId,
      changed_fields: stale.changedFields,
      updated_by: stale.updatedBy,
      updated_at: stale.updatedAt,
    },
    text: message,
  })),
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
