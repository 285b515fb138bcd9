import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';
import { OPENS } from '../guard/opens.ts';
import { useGuard } from '../guard/use-guard.ts';
import { failure } from '../support/rejections.ts';
import { describeWithPrograms } from '../support/servers/available.ts';
import { startPrivateMariadb } from '../support/servers/private-mariadb.ts';
import { startPrivatePostgres } from '../support/servers/private-postgres.ts';
import type { PrivateServer } from '../support/servers/private-server.ts';
import { connect, withSql } from '../support/sql.ts';

/** A certificate that nobody has signed but itself. */
const CERTIFICATE = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '2'];

const kinds = {
  postgres: {
    dialect: 'postgres',
    permitted: 'postgres',
    foreign: 'template1',
    encrypted: 'sslmode=no-verify',
    isEncrypted: 'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    socket: ({ directory }: PrivateServer) => `host=${directory}/data`,
    shownSocket: ({ directory, port }: PrivateServer) =>
      `postgres://localhost:${port}/template1?host=${directory}/data`,
    async start() {
      const server = await startPrivatePostgres({ settings: { unix_socket_directories: '.' } });
      const sql = await connect(server.url());
      try {
        // The server makes the files itself, since it takes a key only from its own user.
        const make = `openssl ${CERTIFICATE.join(' ')} -keyout server.key -out server.crt && chmod 600 server.key`;
        await sql.rows(`copy (select 1) to program '${make}'`);
        await sql.rows("copy (select 'local all all scram-sha-256') to program 'cat >> pg_hba.conf'");
        await sql.rows('alter system set ssl = on');
      } finally {
        await sql.end();
      }
      await server.restart();
      return server;
    },
  },
  mariadb: {
    dialect: 'mysql',
    permitted: 'mysql',
    foreign: 'information_schema',
    encrypted: `ssl=${encodeURIComponent('{"rejectUnauthorized":false}')}`,
    isEncrypted:
      "select variable_value <> '' from information_schema.session_status where variable_name = 'ssl_cipher'",
    socket: ({ directory }: PrivateServer) => `socketPath=${directory}/server.sock`,
    shownSocket: ({ directory }: PrivateServer) =>
      `mysql://localhost/information_schema?socketPath=${directory}/server.sock`,
    async start(directory: string) {
      chmodSync(directory, 0o755);
      const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
      execFileSync('openssl', [...CERTIFICATE, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
      chmodSync(key, 0o644);
      return startPrivateMariadb({ settings: { 'ssl-cert': certificate, 'ssl-key': key } });
    },
  },
} as const;

for (const name of ['postgres', 'mariadb'] as const) {
  const kind = kinds[name];
  describeWithPrograms(name, `the guard of connections to a private ${name}`, () => {
    const guard = useGuard();
    let directory: DirectoryResult;
    let server: PrivateServer;
    before(async () => {
      directory = await dir({ unsafeCleanup: true, prefix: 'db-isolation-certificate' });
      server = await kind.start(directory.path);
    });
    after(async () => {
      await server?.stop();
      await directory?.cleanup();
    });
    const url = (database: string, parameters: string) => `${server.url(undefined, database)}?${parameters}`;

    it('is tested with connections that are encrypted', async () => {
      const [encrypted] = await withSql(url(kind.permitted, kind.encrypted), (sql) => sql.values(kind.isEncrypted));
      expect(Boolean(encrypted)).to.equal(true);
    });

    for (const [title, open] of Object.entries(OPENS[kind.dialect])) {
      it(`sees encrypted connections through ${title}`, async () => {
        guard.arm();
        const permit = guard.permit(url(kind.permitted, ''));
        expect(await open(url(kind.permitted, kind.encrypted))).to.equal(kind.permitted);
        expect(permit.ownPorts()?.size).to.equal(1);
        const error = await failure('DBI_FOREIGN_DATABASE', () => open(url(kind.foreign, kind.encrypted)));
        expect(error.message).to.contain(`${kind.dialect}://127.0.0.1:${server.port}/${kind.foreign}`);
        expect(guard.violations).to.have.length(1);
      });

      it(`sees connections over a unix socket through ${title}`, async () => {
        guard.arm();
        guard.permit(url(kind.permitted, ''));
        expect(await open(url(kind.permitted, kind.socket(server)))).to.equal(kind.permitted);
        const error = await failure('DBI_FOREIGN_DATABASE', () => open(url(kind.foreign, kind.socket(server))));
        expect(error.message).to.contain(kind.shownSocket(server));
        expect(guard.violations).to.have.length(1);
      });
    }

    it('knows a server on this machine by any of its names', async () => {
      guard.arm([`${kind.dialect}://localhost:${server.port}/${kind.foreign}`]);
      const [open] = Object.values(OPENS[kind.dialect]);
      for (const parameters of [kind.encrypted, kind.socket(server)]) {
        expect(await open?.(url(kind.foreign, parameters))).to.equal(kind.foreign);
      }
    });
  });
}
