/** The numbers after the length of a message that a client begins with. Chapter 53.7 of PostgreSQL's manual. */
const MAJOR_VERSION = 3;
const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;

/** Whether this asks for encryption; what the client begins with comes after that. */
export function isEncryptionRequest(bytes: Buffer): boolean {
  if (bytes.length !== 8 || bytes.readInt32BE(0) !== 8) return false;
  return [SSL_REQUEST, GSSENC_REQUEST].includes(bytes.readInt32BE(4));
}

/** The database that a StartupMessage names; undefined when this is none. */
export function databaseInStartup(bytes: Buffer): string | undefined {
  const isStartup = bytes.length > 8 && bytes.readInt32BE(0) <= bytes.length && bytes.readInt16BE(4) === MAJOR_VERSION;
  if (!isStartup) return undefined;
  const parts = bytes.toString('utf8', 8, bytes.readInt32BE(0)).split('\0');
  const parameters = new Map<string, string>();
  for (let index = 0; parts[index]; index += 2) parameters.set(parts[index] ?? '', parts[index + 1] ?? '');
  const user = parameters.get('user');
  return user === undefined ? undefined : parameters.get('database') || user;
}
