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

/** The database does not answer. */
export class DatabaseUnavailableError extends Error {
  override name = 'DatabaseUnavailableError';
}
