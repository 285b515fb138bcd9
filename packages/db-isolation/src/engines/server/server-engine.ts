import { extname } from 'node:path';
import type { Engine } from '../engine.ts';
import { removeWhileExiting } from './at-exit.ts';
import type { ServerDialect } from './dialect.ts';
import { assertServerOptions, type ServerOptions, ServerSession } from './session.ts';

/** One kind of server. */
export interface ServerKind {
  /** The environment variable that names the server where the option does not. */
  readonly variable: string;
  /** URL of the folder with the file `remove-run`. */
  readonly folder: string;
  /**
   * Makes the dialect, without I/O.
   *
   * @param option where the URL comes from, for errors.
   * @throws {IsolationError} `DBI_INVALID_OPTION`.
   */
  createDialect(option: string, server: unknown): ServerDialect;
}

/**
 * An engine on a server.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 */
export function serverEngine(kind: ServerKind, options: ServerOptions & { readonly server?: string }): Engine {
  assertServerOptions(options);
  const environment = process.env[kind.variable];
  const [option, server] =
    options.server === undefined && environment ? [kind.variable, environment] : ['server', options.server];
  const dialect = kind.createDialect(option, server);
  const script = new URL(`./remove-run${extname(kind.folder)}`, kind.folder).href;
  return {
    start: () =>
      ServerSession.start(dialect, options, (run) => removeWhileExiting(script, { server: String(server), run })),
  };
}
