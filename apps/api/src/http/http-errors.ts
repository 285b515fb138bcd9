/** No route has this path. */
export class UnknownPathError extends Error {
  override name = 'UnknownPathError';
}

/** The path is known, the method is not. */
export class MethodNotAllowedError extends Error {
  override name = 'MethodNotAllowedError';
  /** Value of the `Allow` header. */
  readonly allow: string;

  constructor(allow: string) {
    super(`Only ${allow} here`);
    this.allow = allow;
  }
}

/** The `Idempotency-Key` header cannot be read. */
export class MalformedRequestKeyError extends Error {
  override name = 'MalformedRequestKeyError';
}

/** The path has a `%` that is not followed by a byte of UTF-8 text. */
export class MalformedUrlError extends Error {
  override name = 'MalformedUrlError';
}

/** A JSON body is over the limit. */
export class BodyTooLargeError extends Error {
  override name = 'BodyTooLargeError';
}

/** The body is of a type that is not read here. */
export class UnsupportedTypeError extends Error {
  override name = 'UnsupportedTypeError';
  /** Value of the `Accept-Patch` header. */
  readonly accepted: string;

  constructor(accepted: string) {
    super(`The content type must be one of ${accepted}`);
    this.accepted = accepted;
  }
}

/** A write did not say which version it is about. */
export class PreconditionRequiredError extends Error {
  override name = 'PreconditionRequiredError';
}

/** `If-Match` cannot be understood. */
export class MalformedPreconditionError extends Error {
  override name = 'MalformedPreconditionError';
}

/** No byte of the range that was asked for is there. */
export class RangeNotSatisfiableError extends Error {
  override name = 'RangeNotSatisfiableError';
  /** In bytes, of the whole. */
  readonly size: number;

  constructor(size: number) {
    super(`The document has ${size} bytes`);
    this.size = size;
  }
}

/** The database does not answer. */
export class DatabaseUnavailableError extends Error {
  override name = 'DatabaseUnavailableError';
}

/** Nobody knows whose request it is: a credential is missing, or not valid. */
export class UnauthenticatedError extends Error {
  override name = 'UnauthenticatedError';
  readonly credential: 'missing' | 'invalid';

  constructor(credential: 'missing' | 'invalid', message: string, options?: ErrorOptions) {
    super(message, options);
    this.credential = credential;
  }
}

/** The keys that tokens are checked with cannot be had from their issuer. */
export class IssuerUnavailableError extends Error {
  override name = 'IssuerUnavailableError';
}

/** More requests than are allowed; the reply's headers say by then how many that are, and when there may be more. */
export class TooManyRequestsError extends Error {
  override name = 'TooManyRequestsError';
}
