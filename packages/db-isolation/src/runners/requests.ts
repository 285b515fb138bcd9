import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { LeaseContext } from '../core/context.ts';
import { repeat } from '../real-time.ts';
import { replace, undoAtEndOfSandbox } from '../sandbox.ts';

/**
 * Lets requests to a server in this process reach the test that sent them, also when the server has been listening since
 * `before()` and several tests send at the same moment over connections that are kept alive. Without this a handler runs
 * in the context in which the server began to listen.
 *
 * The client's side of a connection knows who sends, the server's side which connection a request came by, and both know
 * the two ports of the connection, which no other one has at that moment. Nothing is added to the request. Covers
 * `node:http` and `node:https` and what is made of them, and `fetch`; not HTTP/2 and Unix sockets.
 */
export function bindRequests<Lease>(context: LeaseContext<Lease>): void {
  const senders = new Map<string, Sender<Lease>>();
  const known = new WeakMap<Socket, Sender<Lease>>();
  const fetches = new WeakMap<object, Lease | undefined>();

  const sends = (socket: Socket, sender: Lease | undefined) => {
    const before = known.get(socket);
    if (before) before.lease = sender;
    else meet(socket, { lease: sender });
  };
  const meet = (socket: Socket, sender: Sender<Lease>) => {
    const key = connectionKey(socket.localPort, socket.remotePort);
    known.set(socket, sender);
    senders.set(key, sender);
    socket.once('close', () => {
      // What was sent before, as by a `fetch` that is then aborted, may reach the server only now.
      const stop = repeat(IN_FLIGHT_MS, () => {
        stop();
        if (senders.get(key) === sender) senders.delete(key);
      });
    });
  };

  beforeEachRequest((socket) => {
    const sender = context.own();
    if (socket.connecting) socket.once('connect', () => sends(socket, sender));
    else sends(socket, sender);
  });
  on<{ request: object }>('undici:request:create', ({ request }) => void fetches.set(request, context.own()));
  on<{ request: object; socket: Socket }>('undici:client:sendHeaders', ({ request, socket }) => {
    sends(socket, fetches.get(request));
  });
  on<{ request: { socket: Socket } }>('http.server.request.start', ({ request: { socket } }) => {
    const key = connectionKey(socket.remotePort, socket.localPort);
    const sender = senders.get(key);
    if (sender) context.enter(sender.lease);
  });
}

/** Who sent the last request over a connection; undefined is code of no test. */
interface Sender<Lease> {
  lease: Lease | undefined;
}

/** How long a request may be on its way within one process after its connection was closed, in milliseconds. */
const IN_FLIGHT_MS = 5_000;

/**
 * Calls `listener` in the context of whoever sends, before anything is sent. Node's own channel for this comes only when
 * the whole body has been written, which is too late for an upload.
 */
function beforeEachRequest(listener: (socket: Socket) => void): void {
  const { onSocket } = ClientRequest.prototype;
  const bound: typeof onSocket = function (this: ClientRequest, socket, ...rest) {
    if (socket) listener(socket);
    return onSocket.call(this, socket, ...rest);
  };
  replace(ClientRequest.prototype, 'onSocket', bound);
}

function on<Message>(channel: string, listener: (message: Message) => void): void {
  const heard = (message: unknown) => listener(message as Message);
  subscribe(channel, heard);
  undoAtEndOfSandbox(() => void unsubscribe(channel, heard));
}

function connectionKey(clientPort: number | undefined, serverPort: number | undefined): string {
  return `${clientPort} ${serverPort}`;
}
