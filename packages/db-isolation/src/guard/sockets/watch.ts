import type { Socket } from 'node:net';
import { foreignDatabase } from '../../errors.ts';
import { type Route, type ServerTarget, shownTarget } from '../allow.ts';
import { guardState, isArmed, type Opened, type Permitted, serverKey } from '../state.ts';
import { isAllowed, violation } from '../violation.ts';
import { databaseInCommand, isGoodbye, readHandshake } from './mysql-protocol.ts';
import { databaseInStartup, isEncryptionRequest } from './postgres-protocol.ts';

/** Who connected a socket, and where to. */
export interface Origin {
  /** Whether the library itself did, for its own purposes. */
  readonly trusted: boolean;
  /** Whether the library's client did, for the app. */
  readonly claimed: boolean;
  readonly place: () => string | undefined;
  readonly route: Route;
}

/** Sees what is about to be sent. Answers who sees the next piece: nobody, when it is not defined. */
type Reader = (bytes: Buffer) => Reader | undefined;

const origins = new WeakMap<object, Origin>();

/** Looks at what a socket sends, as long as it may still tell something. */
export function watch(socket: Socket, origin: Origin): void {
  origins.set(socket, origin);
  read(socket, (bytes) => begin(socket, origin, bytes));
}

/** Goes on with the encrypted socket that was put over another one. */
export function follow(below: unknown, socket: Socket): void {
  const origin = typeof below === 'object' && below !== null ? origins.get(below) : undefined;
  if (!origin || origins.has(socket)) return;
  stopReading(below as Socket);
  watch(socket, { ...origin, claimed: origin.claimed || guardState().claimed.has(below as Socket) });
}

/** What the first bytes of a connection tell. */
function begin(socket: Socket, origin: Origin, bytes: Buffer): Reader | undefined {
  const again: Reader = (more) => begin(socket, origin, more);
  if (isEncryptionRequest(bytes)) return again; // the server may say no
  const database = databaseInStartup(bytes);
  if (database !== undefined) {
    origins.delete(socket);
    admit(socket, origin, { dialect: 'postgres', route: origin.route, database });
    return undefined;
  }
  const handshake = readHandshake(bytes);
  if (handshake?.isEncryptionRequest) return again;
  origins.delete(socket);
  if (!handshake) return undefined; // another protocol
  const opened = admit(socket, origin, { dialect: 'mysql', route: origin.route, database: handshake.database });
  return handshake.compressed || origin.trusted ? undefined : (more) => command(socket, origin, opened, more);
}

/** A connection of MySQL may change to another database later. */
function command(socket: Socket, origin: Origin, opened: Connection, bytes: Buffer): Reader {
  if (isGoodbye(bytes)) opened.over = true;
  const database = databaseInCommand(bytes);
  if (database !== undefined) check(socket, origin, { dialect: 'mysql', route: origin.route, database }, false);
  return (more) => command(socket, origin, opened, more);
}

/** A connection that the app may have opened itself. */
interface Connection extends Opened {
  /** Whether the app has said goodbye to the server, which is to end it. */
  over: boolean;
}

/** @throws {IsolationError} `DBI_FOREIGN_DATABASE`. */
function admit(socket: Socket, origin: Origin, target: ServerTarget): Connection {
  const permitted = check(socket, origin, target, true);
  const opened: Connection = {
    over: false,
    place: origin.place,
    close() {
      if (origin.trusted || isClaimed(socket, origin) || opened.over || socket.destroyed || socket.writableEnded)
        return false;
      socket.destroy();
      return true;
    },
  };
  if (!permitted) return opened;
  permitted.opened.add(opened);
  socket.once('close', () => permitted.opened.delete(opened));
  const addPort = () => {
    if (socket.localPort !== undefined) permitted.ports.add(socket.localPort);
  };
  if (socket.connecting) socket.once('connect', addPort);
  else addPort();
  return opened;
}

/**
 * The permit for a target; undefined when it is allowed for another reason.
 *
 * @param isNew whether the connection is being made.
 * @throws {IsolationError} `DBI_FOREIGN_DATABASE`, which is recorded as well.
 */
function check(socket: Socket, origin: Origin, target: ServerTarget, isNew: boolean): Permitted | undefined {
  const permitted = guardState().permitted.get(serverKey(target.dialect, target.database));
  // The library's client may still be connecting when a test has ended; nobody can use what it gets.
  if (permitted && (permitted.usable || isClaimed(socket, origin))) return permitted;
  if (origin.trusted || isAllowed(target)) return permitted;
  // … or when its database has gone, which is not worth a word.
  if (isNew && isClaimed(socket, origin))
    throw foreignDatabase(DRIVERS[target.dialect], shownTarget(target), undefined);
  throw violation(DRIVERS[target.dialect], target, origin.place());
}

function isClaimed(socket: Socket, origin: Origin): boolean {
  return origin.claimed || guardState().claimed.has(socket);
}

const DRIVERS = { postgres: 'A client of PostgreSQL', mysql: 'A client of MySQL or MariaDB' };

const stops = new WeakMap<object, () => void>();

/** Shows a reader what is written, before it is sent; what the reader throws ends the connection instead. */
function read(socket: Socket, first: Reader): void {
  const { write } = socket;
  const hadOwn = Object.hasOwn(socket, 'write');
  let reader: Reader | undefined = first;
  let refused = false;
  const stop = () => {
    stops.delete(socket);
    if (hadOwn) socket.write = write;
    else Reflect.deleteProperty(socket, 'write');
  };
  stops.set(socket, stop);
  socket.write = function guardedWrite(this: Socket, ...args: unknown[]): boolean {
    if (refused) return false;
    const [chunk] = args;
    try {
      reader = chunk instanceof Uint8Array && isArmed() ? reader?.(bufferOf(chunk)) : undefined;
    } catch (error) {
      refused = true;
      refuse(socket, error as Error, args);
      return false;
    }
    if (!reader) stop();
    return Reflect.apply(write, this, args);
  } as Socket['write'];
}

function stopReading(socket: Socket): void {
  stops.get(socket)?.();
  origins.delete(socket);
}

/** Not at once, since whoever writes does not expect it then. */
function refuse(socket: Socket, error: Error, args: readonly unknown[]): void {
  process.nextTick(() => socket.destroy(error));
  const written = args.find((arg) => typeof arg === 'function');
  if (written) process.nextTick(written as (error: Error) => void, error);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
