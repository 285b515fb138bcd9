// Packets begin with the length of what follows (3 bytes) and a number (1 byte), which counts from 0 anew for each command.
const HEADER = 4;

const CONNECT_WITH_DB = 1 << 3;
const COMPRESS = 1 << 5;
const PROTOCOL_41 = 1 << 9;
const SSL = 1 << 11;
const SECURE_CONNECTION = 1 << 15;
const PLUGIN_AUTH_LENENC_CLIENT_DATA = 1 << 21;
const ZSTD_COMPRESSION = 1 << 26;

/** Capabilities (4 bytes), the largest packet (4), the character set (1) and nothing (19; MariaDB uses 4 more). */
const FIXED = 32;
const NOTHING = { from: HEADER + 9, to: HEADER + 28 };

/** What a client answers to the server's greeting. */
export interface Handshake {
  /** Whether this only asks for encryption; the whole answer comes after that. */
  readonly isEncryptionRequest: boolean;
  /** Empty when it names none. */
  readonly database: string;
  /** Whether later packets may be compressed. */
  readonly compressed: boolean;
}

/** Reads the first packet of a client; undefined when this is none. */
export function readHandshake(bytes: Buffer): Handshake | undefined {
  if (bytes.length < HEADER + FIXED || bytes.readUIntLE(0, 3) !== bytes.length - HEADER || bytes[3] === 0) {
    return undefined;
  }
  const flags = bytes.readUInt32LE(HEADER);
  const isNothing = bytes.subarray(NOTHING.from, NOTHING.to).every((byte) => byte === 0);
  if (!(flags & PROTOCOL_41) || !isNothing) return undefined;

  const compressed = (flags & (COMPRESS | ZSTD_COMPRESSION)) !== 0;
  if (bytes.length === HEADER + FIXED) {
    return flags & SSL ? { isEncryptionRequest: true, database: '', compressed } : undefined;
  }
  if (!(flags & CONNECT_WITH_DB)) return { isEncryptionRequest: false, database: '', compressed };
  const user = textAt(bytes, HEADER + FIXED);
  const { text } = textAt(bytes, afterSecret(bytes, user.end, flags));
  return { isEncryptionRequest: false, database: text, compressed };
}

/** The database to which a command changes; undefined for all others. */
export function databaseInCommand(bytes: Buffer): string | undefined {
  if (bytes[3] !== 0 || bytes.length <= HEADER + 1) return undefined;
  switch (bytes[HEADER]) {
    case COMMANDS.initDb:
      return bytes.toString('utf8', HEADER + 1);
    case COMMANDS.changeUser: {
      const { end } = textAt(bytes, HEADER + 1);
      return textAt(bytes, end + 1 + (bytes[end] ?? 0)).text;
    }
    case COMMANDS.query:
      return databaseInUse(bytes.toString('utf8', HEADER + 1, HEADER + 1 + LONGEST_USE));
    default:
      return undefined;
  }
}

/** Whether a client says goodbye. */
export function isGoodbye(bytes: Buffer): boolean {
  return bytes.length === HEADER + 1 && bytes[3] === 0 && bytes[HEADER] === COMMANDS.quit;
}

const COMMANDS = { quit: 1, initDb: 2, query: 3, changeUser: 17 };

/** A name has at most 64 characters, and there may be a comment before it. */
const LONGEST_USE = 400;

function databaseInUse(sql: string): string | undefined {
  const [, quoted, bare] =
    /^(?:\s|\/\*(?!!).*?\*\/|(?:--\s|#).*\n)*use\s*(?:`((?:[^`]|``)+)`|([^\s;`]+))/is.exec(sql) ?? [];
  return quoted?.replaceAll('``', '`') ?? bare;
}

function afterSecret(bytes: Buffer, start: number, flags: number): number {
  const [first = 0] = bytes.subarray(start);
  if (flags & PLUGIN_AUTH_LENENC_CLIENT_DATA) {
    if (first < 0xfb) return start + 1 + first;
    const size = first === 0xfc ? 2 : 3; // nothing that long needs more
    return start + 1 + size + bytes.readUIntLE(start + 1, size);
  }
  return flags & SECURE_CONNECTION ? start + 1 + first : textAt(bytes, start).end;
}

/** A text up to its terminating zero, or up to the end. */
function textAt(bytes: Buffer, start: number): { readonly text: string; readonly end: number } {
  const zero = bytes.indexOf(0, start);
  const stop = zero < 0 ? bytes.length : zero;
  return { text: bytes.toString('utf8', start, stop), end: stop + 1 };
}
