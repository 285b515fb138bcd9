/** The server answers, but the service cannot keep its data there; the message says what is needed. */
export class UnsuitableServerError extends Error {
  override name = 'UnsuitableServerError';
}
