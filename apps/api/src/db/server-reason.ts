const REFUSED = 'the user or the password is wrong';
const MISSING = 'there is no such database on the server: create it first';
const NO_RIGHT = 'the user may not create tables there: make it the owner of the database';
const NOT_EMPTY = 'it holds tables of another program by the names of ours: use a database of its own';
const FULL = 'the server takes no more connections';
const UNKNOWN_HOST = 'the name of the server is not known';
const NO_ANSWER = 'the server does not answer: check its address, and the network in between';

/** By the code of the network, of PostgreSQL, or of MySQL's driver; by the message where there is no code. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no server listens there: start it, or correct host and port',
  ENOTFOUND: UNKNOWN_HOST,
  EAI_AGAIN: UNKNOWN_HOST,
  ETIMEDOUT: NO_ANSWER,
  'timeout expired': NO_ANSWER,
  EHOSTUNREACH: NO_ANSWER,
  ENETUNREACH: NO_ANSWER,
  ECONNRESET: 'the server closed the connection',
  PROTOCOL_CONNECTION_LOST: 'the server closed the connection',
  HANDSHAKE_NO_SSL_SUPPORT: 'the server has no TLS',
  'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string': 'it wants a password, and the URL holds none',
  '28P01': REFUSED,
  '28000': 'the server does not know this user, or does not let it in from here (pg_hba.conf)',
  '3D000': MISSING,
  '42501': NO_RIGHT,
  '42P07': NOT_EMPTY,
  '53300': FULL,
  '57P03': 'the server is starting or stopping: try again in a moment',
  ER_ACCESS_DENIED_ERROR: REFUSED,
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: REFUSED,
  ER_BAD_DB_ERROR: MISSING,
  ER_DBACCESS_DENIED_ERROR: 'there is no such database on the server that the user may use',
  ER_TABLEACCESS_DENIED_ERROR: NO_RIGHT,
  ER_TABLE_EXISTS_ERROR: NOT_EMPTY,
  ER_CON_COUNT_ERROR: FULL,
  ER_BINLOG_CREATE_ROUTINE_NEED_SUPER:
    'the server lets only administrators make triggers: set log_bin_trust_function_creators = 1',
};

/**
 * Why a database server cannot be used, and what to do about it. What has no code was said by the driver itself and
 * is repeated; messages of servers are not, as Knex adds the SQL to them.
 */
export function serverReason(code: string, message: string): string {
  return REASONS[code || message] ?? (code === '' ? message : `the server answers ${code}`);
}
