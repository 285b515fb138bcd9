import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accountFor, freePort, privateDirectory } from './place.ts';
import { findPostgresPrograms } from './postgres-programs.ts';
import { type PrivateServer, SERVER_ENVIRONMENT, startServer } from './private-server.ts';

export interface PrivatePostgresOptions {
  /** Settings as in postgresql.conf, such as `{ max_connections: 8 }`; they win over those below. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /**
   * Where its directory is made, such as a small disk of its own. The server's user has to be able to enter it, as root
   * runs servers as another user. Default: memory, else the system's temporary directory.
   */
  readonly parent?: string;
}

/** Nothing here outlives a crash of the machine, so nothing has to reach a disk. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: 0,
  dynamic_shared_memory_type: 'mmap', // below its data, where nothing is left when it is killed
};

/** Starts a PostgreSQL that nobody else uses; throws when its programs are missing or it does not start. */
export async function startPrivatePostgres({ settings, parent }: PrivatePostgresOptions = {}): Promise<PrivateServer> {
  const programs = findPostgresPrograms();
  if (!programs) throw new Error('no programs of PostgreSQL 15 or later: install the package postgresql');
  const account = accountFor('postgres');
  const directory = privateDirectory(account, parent);
  const data = join(directory, 'data');
  const password = randomBytes(16).toString('hex');
  try {
    const bin = programs.prepare(directory);
    initialize(bin, data, password);
    const port = await freePort();
    const options = Object.entries({ ...SETTINGS, port, ...settings }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ]);
    const server = await startServer({
      program: join(bin, 'postgres'),
      args: ['-D', data, ...options],
      account,
      directory,
      ready: 'database system is ready to accept connections',
      stopSignal: 'SIGINT',
      abandonSignal: 'SIGQUIT',
    });
    return {
      ...server,
      port,
      directory,
      url(user, database = 'postgres') {
        const credentials = user === undefined ? `postgres:${password}` : encodeURIComponent(user);
        return `postgres://${credentials}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
      },
    };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }

  function initialize(bin: string, data: string, password: string): void {
    const passwordFile = join(directory, 'password');
    writeFileSync(passwordFile, password);
    const args = ['-D', data, '-U', 'postgres', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C', '--no-sync'];
    execFileSync(join(bin, 'initdb'), args, { ...account, cwd: directory, env: SERVER_ENVIRONMENT, stdio: 'pipe' });
    rmSync(passwordFile);
    // Everybody on this machine can reach the port, and the administrator can run programs.
    const access = ['host all postgres 127.0.0.1/32 scram-sha-256', 'host all all 127.0.0.1/32 trust'];
    writeFileSync(join(data, 'pg_hba.conf'), `${access.join('\n')}\n`);
  }
}
