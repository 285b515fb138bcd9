/** One problem found in a request, before it is written in either error format. */
export interface Problem {
  /** What kind of problem it is: one of the codes that the contract lists. */
  readonly type: ProblemType;
  /** Which part of the request it is in. */
  readonly source: 'body' | 'query' | 'path';
  /** Keys and indexes that lead to the value, from the top of that part. */
  readonly path: readonly (string | number)[];
  /** What the value is called in the message. */
  readonly name: string;
  /** What is wrong with it, in plain words. */
  readonly text: string;
  /** The offending value; null where there is none to show. */
  readonly input: unknown;
}

/** The kinds of problems a request can have. */
export const PROBLEM_TYPES = [
  'missing',
  'json_invalid',
  'int_parsing',
  'float_parsing',
  'bool_type',
  'string_type',
  'string_too_long',
  'string_invalid',
  'list_type',
  'dict_type',
  'greater_than_equal',
  'less_than_equal',
  'decimal_parsing',
  'decimal_max_digits',
  'date_parsing',
  'unknown_field',
  'unknown_key',
  'duplicate_field',
  'duplicate_line',
  'line_not_found',
  'address_type',
] as const;

/** One of these kinds. */
export type ProblemType = (typeof PROBLEM_TYPES)[number];

/** The request cannot be understood or breaks a rule; holds every problem of the stage that failed. */
export class ValidationError extends Error {
  override name = 'ValidationError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => `${problem.name}: ${problem.text}`).join('; '));
    this.problems = problems;
  }
}

/** Other transactions were in the way each time this one was tried; nothing was written, and it may be sent again. */
export class DatabaseBusyError extends Error {
  override name = 'DatabaseBusyError';

  constructor(attempts: number, options: ErrorOptions) {
    super(`The database was too busy in each of ${attempts} attempts`, options);
  }
}

/** An Idempotency-Key came again with something else than the first time. */
export class RequestKeyReusedError extends Error {
  override name = 'RequestKeyReusedError';

  constructor() {
    super('This Idempotency-Key was used for another request');
  }
}

/** A request with the same Idempotency-Key is being worked on, or one that came later has taken this one over. */
export class RequestInProgressError extends Error {
  override name = 'RequestInProgressError';

  constructor() {
    super('The first request with this Idempotency-Key is still being worked on');
  }
}

/** No invoice has this id. */
export class InvoiceNotFoundError extends Error {
  override name = 'InvoiceNotFoundError';
  readonly invoiceId: string;

  constructor(invoiceId: string) {
    super(`Invoice ${invoiceId} not found`);
    this.invoiceId = invoiceId;
  }
}

/** An invoice with this id was handed over before. */
export class InvoiceExistsError extends Error {
  override name = 'InvoiceExistsError';
  readonly invoiceId: string;

  constructor(invoiceId: string) {
    super(`Invoice ${invoiceId} already exists`);
    this.invoiceId = invoiceId;
  }
}

/** The invoice's processing state does not allow a review or a change. */
export class InvalidStateError extends Error {
  override name = 'InvalidStateError';
  readonly invoiceId: string;
  readonly currentState: string;

  constructor(invoiceId: string, currentState: string, toBe: string) {
    super(`Invoice state ${currentState} cannot be ${toBe}`);
    this.invoiceId = invoiceId;
    this.currentState = currentState;
  }
}

/** The invoice has no line with this id. */
export class LineNotFoundError extends Error {
  override name = 'LineNotFoundError';

  constructor(invoiceId: string, lineId: string) {
    super(`Line ${lineId} of invoice ${invoiceId} not found`);
  }
}

/** A review asked to clear names that may not be cleared. */
export class InvalidClearFieldsError extends Error {
  override name = 'InvalidClearFieldsError';
  readonly disallowed: readonly string[];
  readonly allowed: readonly string[];

  constructor(disallowed: readonly string[], allowed: readonly string[]) {
    super(`Cannot clear protected fields: [${disallowed.map((name) => `'${name}'`).join(', ')}]`);
    this.disallowed = disallowed;
    this.allowed = allowed;
  }
}

/** What a reviewer with an old version needs to know about the writes since. */
export interface StaleWrite {
  readonly invoiceId: string;
  readonly currentVersion: number;
  /** Sorted names whose value was changed after the version that was sent. */
  readonly changedFields: readonly string[];
  readonly updatedBy: string | null;
  readonly updatedAt: string;
}

/** The invoice is no longer at the version the reviewer saw. */
export class StaleWriteError extends Error {
  override name = 'StaleWriteError';
  readonly stale: StaleWrite;

  constructor(stale: StaleWrite) {
    super('Invoice was updated by someone else.');
    this.stale = stale;
  }
}

/** An uploaded file has no bytes. */
export class EmptyFileError extends Error {
  override name = 'EmptyFileError';

  constructor() {
    super('File is empty');
  }
}

/** An uploaded file is not a document that can be taken in; the message says why. */
export class FileRejectedError extends Error {
  override name = 'FileRejectedError';
}

/** The same bytes were uploaded before. */
export class DuplicateDocumentError extends Error {
  override name = 'DuplicateDocumentError';
  readonly invoiceId: string;

  constructor(invoiceId: string) {
    super('This document was already uploaded.');
    this.invoiceId = invoiceId;
  }
}

/** The invoice has no document, or its file is lost. */
export class DocumentNotFoundError extends Error {
  override name = 'DocumentNotFoundError';

  constructor(invoiceId: string) {
    super(`Document for invoice ${invoiceId} not found`);
  }
}

/** The caller is known and may not do this; the message says why. */
export class ForbiddenError extends Error {
  override name = 'ForbiddenError';
}

/** No API key has this id. */
export class KeyNotFoundError extends Error {
  override name = 'KeyNotFoundError';

  constructor(id: string) {
    super(`Key ${id} not found`);
  }
}
