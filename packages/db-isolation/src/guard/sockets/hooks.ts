import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';
import { placeOfCaller } from '../../place.ts';
import { replace } from '../../sandbox.ts';
import { guardState, isArmed } from '../state.ts';
import { routeOf } from './route.ts';
import { follow, watch } from './watch.ts';

/**
 * Looks at what every new socket sends first, since only that tells the database. Drivers reach `connect` in many ways,
 * but all of them end in this method.
 */
export function watchSockets(): void {
  const { connect } = net.Socket.prototype;
  const guardedConnect = function (this: net.Socket, ...args: unknown[]) {
    Reflect.apply(connect, this, args);
    if (isArmed()) {
      const { trusted, claiming } = guardState();
      const origin = { trusted: trusted > 0, claimed: claiming > 0, place: placeOfCaller(), route: routeOf(args) };
      watch(this, origin); // only now, since the method sets the socket back
    }
    return this;
  };
  replace(net.Socket.prototype, 'connect', guardedConnect as typeof connect);

  const secure = tls.connect;
  const guardedTlsConnect = (...args: unknown[]) => {
    const socket: tls.TLSSocket = Reflect.apply(secure, tls, args);
    // What is written to an encrypted socket does not come by the one below it, which may have been connected before.
    for (const option of args) follow(Object(option).socket, socket);
    return socket;
  };
  replace(tls as { connect: typeof secure }, 'connect', guardedTlsConnect as typeof secure);
  syncBuiltinESMExports();
}
