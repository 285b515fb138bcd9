import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { accountFor, freePort, privateDirectory } from './place.ts';
import { type PrivateServer, SERVER_ENVIRONMENT, startServer } from './private-server.ts';

export interface PrivateMariadbOptions {
  /** Options of mariadbd without their dashes, such as `{ 'max-connections': 8 }`; they win over those below. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** As for PostgreSQL. */
  readonly parent?: string;
}

/** Nothing here outlives a crash of the machine, so nothing has to reach a disk. */
const SETTINGS = {
  'bind-address': '127.0.0.1',
  'character-set-server': 'utf8mb4', // as Debian and MariaDB 11.6 have it
  'innodb-flush-log-at-trx-commit': 0,
  'innodb-flush-method': 'nosync',
  'innodb-doublewrite': 0,
  'innodb-log-file-size': '16M',
  'performance-schema': 'OFF',
};

/** Starts a MariaDB that nobody else uses; throws when its programs are missing or it does not start. */
export async function startPrivateMariadb({ settings, parent }: PrivateMariadbOptions = {}): Promise<PrivateServer> {
  const programs = findMariadbPrograms();
  if (!programs) throw new Error('no programs of MariaDB: install the package mariadb-server');
  const account = accountFor('mysql');
  const directory = privateDirectory(account, parent);
  const data = join(directory, 'data');
  const password = randomBytes(16).toString('hex');
  try {
    initialize(programs.install);
    const port = await freePort();
    const options = {
      ...SETTINGS,
      datadir: data,
      // A server that starts removes temporary tables in this directory: those of other servers, if it is not its own.
      tmpdir: directory,
      port,
      socket: join(directory, 'server.sock'),
      'pid-file': join(directory, 'server.pid'),
      'init-file': join(directory, 'init.sql'),
      ...settings,
    };
    const server = await startServer({
      program: programs.server,
      args: ['--no-defaults', ...Object.entries(options).map(([name, value]) => `--${name}=${value}`)],
      account,
      directory,
      ready: 'ready for connections',
      stopSignal: 'SIGTERM',
      abandonSignal: 'SIGKILL',
    });
    return {
      ...server,
      port,
      directory,
      url(user, database = '') {
        const credentials = user === undefined ? `root:${password}` : encodeURIComponent(user);
        return `mysql://${credentials}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
      },
    };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }

  function initialize(install: string): void {
    const args = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'];
    // The server that it starts would lose its temporary tables to any other that starts with the same directory.
    const env = { ...SERVER_ENVIRONMENT, TMPDIR: directory };
    execFileSync(install, args, { ...account, cwd: directory, env, stdio: 'pipe' });
    // Everybody on this machine can reach the port.
    const text = ['localhost', '127.0.0.1', '::1'].map(
      (host) => `alter user if exists root@'${host}' identified by '${password}';\n`,
    );
    writeFileSync(join(directory, 'init.sql'), text.join(''), { mode: 0o644 });
  }
}

/** Where MariaDB's server programs are; undefined when they are not installed. */
export function findMariadbPrograms(): { readonly server: string; readonly install: string } | undefined {
  // The server is often where only root's search path leads.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const find = (name: string) => folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  const [server, install] = [find('mariadbd'), find('mariadb-install-db')];
  return server && install ? { server, install } : undefined;
}
