import type { Route } from '../allow.ts';

/** Where a socket leads, by the arguments of its `connect`. */
export function routeOf(args: readonly unknown[]): Route {
  // Node passes on its own arguments as a list in the first one.
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  if (typeof first === 'object' && first !== null) {
    const { path, host, port } = first as { path?: unknown; host?: unknown; port?: unknown };
    return typeof path === 'string' ? unixRoute(path) : { host: String(host || 'localhost'), port: Number(port) };
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return unixRoute(first);
  return { host: typeof second === 'string' ? second : 'localhost', port: Number(first) };
}

function unixRoute(path: string): Route {
  const [, directory, port] = /^(.*)\/\.s\.PGSQL\.(\d+)$/.exec(path) ?? [];
  if (directory !== undefined) return { host: 'localhost', port: Number(port), socket: directory };
  return { host: 'localhost', port: undefined, socket: path };
}
