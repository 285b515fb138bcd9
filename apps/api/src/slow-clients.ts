import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** How slow a client may be before its connection is ended. Times are in milliseconds. */
export interface ClientLimits {
  /** Until all headers of a request are here. */
  readonly headersMs: number;
  /** Until all of a request is here. */
  readonly requestMs: number;
  /** While a body is sent, so many bytes have to come in each such time. */
  readonly bodyWindowMs: number;
  readonly bodyWindowBytes: number;
  /** Without any byte in either direction. */
  readonly silenceMs: number;
  /** Between two requests. */
  readonly keepAliveMs: number;
  /** How often headers and requests are looked at. */
  readonly checkMs: number;
}

/** 50 MiB fit into the time for a request at half a megabit a second; a byte now and then fits into nothing. */
export const CLIENT_LIMITS: ClientLimits = {
  headersMs: 20_000,
  requestMs: 900_000,
  bodyWindowMs: 20_000,
  bodyWindowBytes: 20_480,
  silenceMs: 300_000,
  // Longer than the minute after which most proxies close a connection, so that none sends into one that is closing.
  keepAliveMs: 65_000,
  checkMs: 5_000,
};

interface Body {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  looks: number;
  bytes: number;
}

/** How often a body is looked at in its time. Looks are counted, as one that comes late is no fault of the client. */
const LOOKS = 4;

/** Ends requests whose bodies come in too slowly; as long as it is the service that keeps them waiting, none does. */
export function endSlowBodies(server: Server, { bodyWindowMs, bodyWindowBytes }: ClientLimits): void {
  const bodies = new Set<Body>();
  const look = () => {
    for (const body of bodies) {
      const { request, response } = body;
      const { bytesRead, destroyed } = request.socket;
      body.looks += 1;
      if (request.complete || destroyed) {
        bodies.delete(body);
      } else if (body.looks > LOOKS) {
        if (request.readableLength === 0 && bytesRead - body.bytes < bodyWindowBytes) {
          refuse(request, response);
        }
        Object.assign(body, { looks: 1, bytes: bytesRead });
      }
    }
  };
  const timer = setInterval(look, bodyWindowMs / LOOKS).unref();
  server.once('close', () => clearInterval(timer));
  server.on('request', (request, response) => {
    if (hasBody(request)) {
      const body = { request, response, looks: 0, bytes: request.socket.bytesRead };
      bodies.add(body);
      request.once('close', () => bodies.delete(body));
    }
  });
}

/** As Node.js itself does with a request that takes too long. */
function refuse({ socket }: IncomingMessage, response: ServerResponse): void {
  if (!response.headersSent && socket.writable) {
    socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
  }
  socket.destroy();
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
