import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Leak } from '@acme/db-isolation';
import { expect } from 'chai';
import mysql2 from 'mysql2/promise';
import pg from 'pg';
import { guard as arm, claim } from '../../src/guard/guard.ts';
import { claiming, unguarded } from '../../src/guard/scopes.ts';
import { failure } from '../support/rejections.ts';
import { describeWith } from '../support/servers/available.ts';
import { urlWith } from '../support/sql.ts';
import { OPENS, type Open } from './opens.ts';
import { useGuard } from './use-guard.ts';

/** Two databases that every server has. */
const DATABASES = {
  postgres: { permitted: 'postgres', foreign: 'template1' },
  mysql: { permitted: 'mysql', foreign: 'information_schema' },
} as const;

for (const engine of ['postgres', 'mysql'] as const) {
  describeWith(engine, `the guard of connections to ${engine}`, (server) => {
    const guard = useGuard();
    const permitted = urlWith(server, { database: DATABASES[engine].permitted });
    const foreign = urlWith(server, { database: DATABASES[engine].foreign });
    const [first] = Object.values(OPENS[engine]) as [Open];
    const nameOf = (url: string) => new URL(url).pathname.slice(1);

    for (const [title, open] of Object.entries(OPENS[engine])) {
      it(`refuses another database through ${title}, with the error and the place`, async () => {
        guard.arm();
        guard.permit(permitted);
        expect(await open(permitted)).to.equal(nameOf(permitted));
        expect(guard.violations).to.deep.equal([]);

        const error = await failure('DBI_FOREIGN_DATABASE', () => open(foreign));
        const target = `${engine}://${new URL(foreign).host}/${nameOf(foreign)}`;
        expect(error.message).to.contain(target).and.not.to.contain('@');
        // Knex connects later: the line is not known, and the message says how to find it.
        const hint = title === 'Knex' ? ', at a line that DB_ISOLATION_TRACE=1 may find' : '';
        expect(guard.violations.map(({ kind, message }) => ({ kind, message }))).to.deep.equal([
          { kind: 'foreign-database', message: `it was about to open ${target}, which is not its database${hint}` },
        ]);
        if (title !== 'Knex') expect(guard.violations[0]?.place).to.contain('guard/opens.ts:');
      });

      it(`records it in the asynchronous context of the test, through ${title}`, async () => {
        const test = new AsyncLocalStorage<string>();
        const seen: unknown[] = [];
        const disarm = arm({ allow: [], violated: () => seen.push(test.getStore()) > 0 });
        try {
          await test.run('the test', () => failure('DBI_FOREIGN_DATABASE', () => open(foreign)));
        } finally {
          disarm();
        }
        expect(seen).to.deep.equal(['the test']);
      });
    }

    it('lets in what is on the list', async () => {
      guard.arm([foreign]);
      expect(await first(foreign)).to.equal(nameOf(foreign));
      await failure('DBI_FOREIGN_DATABASE', () => first(permitted));
    });

    it('lets the library itself connect to what it wants', async () => {
      guard.arm();
      expect(await unguarded(() => first(foreign))).to.equal(nameOf(foreign));
      expect(guard.violations).to.deep.equal([]);
    });

    it('refuses the database after the permit has been revoked', async () => {
      guard.arm();
      const permit = guard.permit(permitted);
      permit.revoke();
      await failure('DBI_FOREIGN_DATABASE', () => first(permitted));
      await (await claiming(() => connection(permitted))).end(); // the library's client, which has been fenced
      permit.closeRest();
      await failure('DBI_FOREIGN_DATABASE', () => claiming(() => connection(permitted)));
      expect(guard.violations).to.have.length(1);
    });

    it('does nothing when it is disarmed, and then knows no ports', async () => {
      guard.arm()();
      expect(await first(foreign)).to.equal(nameOf(foreign));
      expect(guard.permit(permitted).ownPorts()).to.equal(undefined);
    });

    it('knows the ports of all connections, closes and reports those that the app has left open', async () => {
      guard.arm();
      const permit = guard.permit(permitted);
      const [left, ended, own] = [
        await connection(permitted),
        await connection(permitted),
        await connection(permitted),
      ];
      const ports = [left, ended, own].map(({ stream }) => stream.localPort);
      await ended.end();
      claim(own.stream);
      expect([...(permit.ownPorts() ?? [])]).to.have.members(ports);
      const leaks: readonly Leak[] = permit.closeRest();
      expect(leaks.map(({ kind }) => kind)).to.deep.equal(['open-connection']);
      expect(leaks[0]?.place).to.contain('guard/servers.test.ts:');
      expect([left.stream.destroyed, own.stream.destroyed]).to.deep.equal([true, false]);
      await own.end();
    });

    it('does not mind a connection whose end is still under way', async () => {
      guard.arm();
      const permit = guard.permit(permitted);
      const going = await connection(permitted);
      const end = going.end();
      await new Promise((resolve) => setImmediate(resolve));
      expect(permit.closeRest()).to.deep.equal([]);
      await end;
    });
  });
}

describeWith('mysql', 'the guard of connections to mysql, beyond the first packet', (server) => {
  const guard = useGuard();
  const permitted = urlWith(server, { database: 'mysql' });

  it('refuses a connection that names no database', async () => {
    guard.arm();
    guard.permit(permitted);
    const open = () => mysql2.createConnection({ uri: urlWith(server, { database: '' }) });
    const error = await failure('DBI_FOREIGN_DATABASE', open);
    expect(error.message).to.contain(`mysql://${new URL(server).host}/ at `);
  });

  const changes: [title: string, run: (db: mysql2.Connection) => Promise<unknown>][] = [
    ['USE', (db) => db.query('use information_schema')],
    ['USE with comments and quotes', (db) => db.query('/* now */ -- for\n USE`information_schema`;')],
    ['changeUser()', (db) => db.changeUser({ database: 'information_schema' })],
  ];
  for (const [title, run] of changes) {
    it(`refuses to change to another database with ${title}`, async () => {
      guard.arm();
      guard.permit(permitted);
      const db = await mysql2.createConnection({ uri: permitted });
      db.on('error', () => undefined);
      await db.query('use mysql');
      await db.query("select 'use information_schema'");
      expect(guard.violations).to.deep.equal([]);
      await failure('DBI_FOREIGN_DATABASE', () => run(db));
      expect(guard.violations).to.have.length(1);
      db.destroy();
    });
  }
});

describe('the guard and other sockets', () => {
  const guard = useGuard();

  it('leaves HTTP as it is', async () => {
    guard.arm();
    const server = http.createServer((request, response) => request.pipe(response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    try {
      for (const body of ['one', 'x'.repeat(300_000)]) {
        const request = http.request({ port, host: '127.0.0.1', method: 'POST', agent }).end(body);
        const [response] = (await once(request, 'response')) as [http.IncomingMessage];
        let text = '';
        for await (const chunk of response) text += String(chunk);
        expect(text).to.equal(body);
        expect(request.socket && Object.hasOwn(request.socket, 'write') && request.socket.write.name).not.to.equal(
          'guardedWrite',
        );
      }
    } finally {
      agent.destroy();
      server.close();
    }
  });

  it('leaves other protocols as they are, whose first bytes are short, long or text', async () => {
    guard.arm();
    const server = (await import('node:net')).createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      for (const first of [Buffer.of(0), Buffer.alloc(40), Buffer.alloc(9, 3), 'text', new Uint8Array([1, 2])]) {
        const socket = connect(port, '127.0.0.1');
        socket.write(first);
        const [data] = (await once(socket, 'data')) as [Buffer];
        expect(data.equals(Buffer.from(first as Uint8Array))).to.equal(true);
        socket.destroy();
      }
    } finally {
      server.close();
    }
    expect(guard.violations).to.deep.equal([]);
  });
});

/** One open connection, whose socket can be looked at. */
async function connection(url: string) {
  if (url.startsWith('postgres')) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    client.on('error', () => undefined);
    return { stream: client.connection.stream as import('node:net').Socket, end: () => client.end() };
  }
  const client = await mysql2.createConnection({ uri: url });
  client.on('error', () => undefined);
  const { stream } = (client as unknown as { connection: { stream: import('node:net').Socket } }).connection;
  return { stream, end: () => client.end() };
}
