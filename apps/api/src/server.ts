import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CLIENT_LIMITS, type ClientLimits, endSlowBodies } from './slow-clients.ts';

/** A server that accepts requests. */
export interface RunningServer {
  readonly url: string;
  /** Goes on, but lets every connection end with its next reply, so that whoever keeps one turns elsewhere in time. */
  drain(): void;
  /** Accepts nothing more; resolves when every request in flight has been answered and every connection is closed. */
  stop(): Promise<void>;
}

/**
 * Starts to listen; port 0 takes any free one.
 *
 * @throws the system's error when the address cannot be listened on.
 */
export async function listen(
  app: RequestListener,
  host: string,
  port: number,
  limits: ClientLimits = CLIENT_LIMITS,
): Promise<RunningServer> {
  const server = createPatientServer(limits);
  const connections = trackRequests(server);
  server.on('request', app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${address.port}`,
    drain: connections.drain,
    stop: async () => {
      await takeWhatArrived();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        connections.closeWhenAnswered();
      });
    },
  };
}

const TURNS = 5;

/**
 * A process that was busy has connections before it that it has not accepted and requests that it has not read. It takes
 * a turn of the event loop for each of these steps; closing before would be a reset for the client.
 */
async function takeWhatArrived(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await nextTurn();
  }
}

/** More headers than these are dropped. */
const MOST_HEADERS = 100;

/** A server that waits for its clients, but not for ever. */
function createPatientServer(limits: ClientLimits): Server {
  const server = createServer({
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkMs,
  });
  server.maxHeadersCount = MOST_HEADERS;
  server.timeout = limits.silenceMs;
  endSlowBodies(server, limits);
  return server;
}

interface Connections {
  drain(): void;
  closeWhenAnswered(): void;
}

/**
 * Clients keep connections open for their next request, and a server is closed only when all of them are: each one has
 * to end with its current reply, and all are closed when the last request has been answered.
 */
function trackRequests(server: Server): Connections {
  const inFlight = new Set<ServerResponse>();
  let draining = false;
  let stopping = false;
  const endConnection = (response: ServerResponse) => {
    if (!response.headersSent) {
      response.setHeader('Connection', 'close');
    }
  };
  const closeIfIdle = async () => {
    if (stopping && inFlight.size === 0) {
      await takeWhatArrived();
      if (inFlight.size === 0) {
        server.closeAllConnections();
      }
    }
  };
  server.on('request', (_request, response) => {
    inFlight.add(response);
    if (draining) {
      endConnection(response);
    }
    response.once('close', () => {
      inFlight.delete(response);
      // Later, so that the last bytes of the reply are on their way.
      setImmediate(closeIfIdle);
    });
  });
  const drain = () => {
    draining = true;
    for (const response of inFlight) {
      endConnection(response);
    }
  };
  return {
    drain,
    closeWhenAnswered: () => {
      stopping = true;
      drain();
      closeIfIdle();
    },
  };
}
