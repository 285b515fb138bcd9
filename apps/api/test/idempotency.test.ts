import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Knex } from 'knex';
import type { Response } from 'supertest';
import { type AppOptions, createApp } from '../src/app.ts';
import { migrate } from '../src/db/migrate.ts';
import { RequestInProgressError } from '../src/errors.ts';
import { runOnce } from '../src/idempotency/run-once.ts';
import { accepted, api, correct, handOver, type Json, request, stored, writesNothing } from './support/api.ts';
import { auditEntries, verified } from './support/audit.ts';
import { bearer, withCredentials } from './support/credentials.ts';
import { documentsOfEachTest, invoiceCount } from './support/documents.ts';
import { onlyOn } from './support/engine.ts';
import { isolation } from './support/isolation.ts';
import { ownDatabases } from './support/own-databases.ts';
import { pdf } from './support/pdf.ts';
import { refuseInvoices } from './support/refusals.ts';

const DAY_MS = 86_400_000;
const KEY = '8e03978e-40d5-43dd-bc93-6894a57f9324';
const later = (milliseconds: number): AppOptions => ({ now: () => new Date(Date.now() + milliseconds) });

/** Hands an invoice over under a key. */
function send(body: object, key: string, options: AppOptions = {}): Promise<Response> {
  return Promise.resolve(api(options).post('/api/v1/invoices').set('Idempotency-Key', key).send(body));
}

/** What two replies to one request have in common. */
const said = ({ status, text, headers: { etag, location, 'content-type': type } }: Response) => ({
  ...{ status, text, etag, location, type },
});

describe('a request with an Idempotency-Key', () => {
  it('is done once when it is sent again, and gets the same reply', async () => {
    const first = await send({ vendor_name: 'Acme' }, KEY);
    const again = await writesNothing(() => send({ vendor_name: 'Acme' }, KEY));

    expect(first.status).to.equal(201);
    expect(said(again)).to.deep.equal(said(first));
    expect([first.headers['idempotency-replayed'], again.headers['idempotency-replayed']]).to.deep.equal([
      undefined,
      'true',
    ]);
    expect(again.headers['x-request-id']).to.not.equal(first.headers['x-request-id']);
    expect([await invoiceCount(), (await auditEntries()).length]).to.deep.equal([1, 1]);
  });

  it('gets the reply of then, whatever has become of the invoice since', async () => {
    const first = await send({ id: 'A', vendor_name: 'Acme' }, KEY);
    await accepted({ invoice_id: 'A', expected_review_version: 0, field_validations: [correct('vendor_name', 'B')] });

    expect(said(await send({ id: 'A', vendor_name: 'Acme' }, KEY))).to.deep.equal(said(first));
    expect(await stored('A')).to.include({ vendor_name: 'B', review_version: 1 });
  });

  it('has one effect when it is sent a hundred times at once', async () => {
    const server = createApp(isolation.current().db).listen(0, '127.0.0.1');
    try {
      const replies = await Promise.all(
        Array.from({ length: 100 }, () =>
          request(server).post('/api/v1/invoices').set('Idempotency-Key', KEY).send({ vendor_name: 'Acme' }),
        ),
      );

      const [done, ...replayed] = replies.filter(({ status }) => status === 201);
      const running = replies.filter(({ status }) => status === 409);
      expect(1 + replayed.length + running.length).to.equal(100);
      for (const reply of replayed) {
        expect(reply.text).to.equal(done?.text);
      }
      for (const reply of running) {
        expect([reply.type, reply.headers['retry-after']]).to.deep.equal(['application/problem+json', '1']);
      }
      expect(await invoiceCount()).to.equal(1);
      expect(await verified()).to.include({ valid: true, entries: 1 });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('is refused with another body', async () => {
    await send({ id: 'A' }, KEY);
    const other = await writesNothing(() => send({ id: 'B' }, KEY));
    expect([other.status, other.type]).to.deep.equal([422, 'application/problem+json']);
    expect(other.body.errors).to.deep.equal([
      { pointer: '', code: 'string_invalid', message: 'Idempotency-Key: was used before' },
    ]);
  });

  it('is done as without one under another key', async () => {
    const ids = [await send({}, 'k1'), await send({}, 'k2'), await send({}, 'K1')].map(({ body }) => body.id);
    expect(new Set(ids).size).to.equal(3);
  });

  it('is another one from another caller', async () => {
    const options = withCredentials();
    const ids = [];
    for (const name of ['a', 'b']) {
      const post = api(options).post('/api/v1/invoices').set('Idempotency-Key', KEY);
      const { status, body } = await post.set('Authorization', await bearer(['extractor'], name)).send({});
      expect(status).to.equal(201);
      ids.push(body.id);
    }
    expect(ids[0]).to.not.equal(ids[1]);
  });

  it('may be tried again with the same key when it failed', async () => {
    const { db } = isolation.current();
    await refuseInvoices(db);
    const failed = await writesNothing(() => send({ id: 'A' }, KEY));
    expect(failed.status).to.equal(500);

    await db.raw(db.client.dialect === 'postgresql' ? 'DROP TRIGGER refuse ON invoices' : 'DROP TRIGGER refuse');
    const again = await send({ id: 'A' }, KEY);
    expect([again.status, again.headers['idempotency-replayed']]).to.deep.equal([201, undefined]);
  });

  it('is answered anew when it was refused', async () => {
    await handOver({ id: 'A' });
    for (const body of [{ id: 'A' }, { id: 'A' }, { id: 7 }]) {
      const reply = await writesNothing(() => send(body, KEY));
      expect(reply.status).to.equal(body.id === 'A' ? 409 : 422);
      expect(reply.headers['retry-after']).to.equal(undefined);
    }
    expect((await send({ id: 'B' }, KEY)).status).to.equal(201);
  });

  it('is a new one a day later, when replies that are no longer kept go', async () => {
    const { db } = isolation.current();
    for (const key of ['a', 'b', 'c']) {
      await send({}, key);
    }
    expect((await send({}, 'a', later(DAY_MS - 60_000))).headers['idempotency-replayed']).to.equal('true');

    expect((await send({}, 'a', later(DAY_MS + 60_000))).headers['idempotency-replayed']).to.equal(undefined);
    expect(await invoiceCount()).to.equal(4);
    await send({}, 'd', later(DAY_MS + 60_000));
    expect(await db('idempotency_keys')).to.have.length(2);
  });

  it('that another one has taken over writes nothing', async () => {
    const { db } = isolation.current();
    const work = async (trx: Knex) => {
      await trx('audit_head').update({ position: 7 });
      await trx('idempotency_keys').update({ token: 'of another' });
      return { status: 201, headers: {}, body: '{}' };
    };
    const failure = await runOnce(db, { id: 'i', fingerprint: 'f' }, new Date(), work).catch((error) => error);
    expect(failure).to.be.instanceOf(RequestInProgressError);
    expect(await db('audit_head').first('position')).to.satisfy(({ position }: Json) => Number(position) === 0);
  });

  onlyOn(['postgres', 'mysql'], () => {
    it('that others were in the way of may be tried again', async () => {
      await refuseInvoices(isolation.current().db, { transient: true });
      expect((await writesNothing(() => send({}, KEY))).status).to.equal(503);
    });
  });

  it('takes a key in quotes for the same as without', async () => {
    const { body } = await send({}, KEY);
    expect((await send({}, `"${KEY}"`)).body).to.deep.equal(body);
    const quoted = await send({}, '"with blanks, a \\" and a \\\\"');
    expect((await send({}, '"with blanks, a \\" and a \\\\"')).body).to.deep.equal(quoted.body);
  });

  for (const key of ['', ' ', '""', 'a b', 'a,b', '"a', '"a\\b"', 'é', 'x'.repeat(256), `"${'x'.repeat(256)}"`]) {
    it(`is refused with the key ${JSON.stringify(key.slice(0, 10))}`, async () => {
      const reply = await writesNothing(() => send({}, key));
      expect([reply.status, reply.type]).to.deep.equal([400, 'application/problem+json']);
    });
  }

  it('may be as long as 255 characters', async () => {
    expect((await send({}, 'x'.repeat(255))).status).to.equal(201);
  });
});

describe('an upload with an Idempotency-Key', () => {
  const documents = documentsOfEachTest();
  const upload = (text: string, fileName = 'a.pdf', options = documents.options()) =>
    api(options).post('/api/v1/documents').set('Idempotency-Key', KEY).attach('file', pdf({ text }), fileName);

  it('is done once when it is sent again, and keeps one file', async () => {
    const first = await upload('one');
    const again = await writesNothing(async () => upload('one'));

    expect(first.status, first.text).to.equal(201);
    expect([said(again), again.headers['idempotency-replayed']]).to.deep.equal([said(first), 'true']);
    expect(documents.files()).to.deep.equal([first.body.file_path]);
    expect((await documents.download(first.body.invoice_id)).body).to.deep.equal(pdf({ text: 'one' }));
  });

  it('is refused with other bytes or another name, and nothing of it remains', async () => {
    const { body } = await upload('one');
    for (const other of [upload('two'), upload('one', 'b.pdf')]) {
      const reply = await writesNothing(async () => other);
      expect(reply.status).to.equal(422);
    }
    expect(documents.files()).to.deep.equal([body.file_path]);
  });

  it('of bytes that are there already is refused as without a key, and may be sent with others', async () => {
    const { body } = await documents.upload(pdf({ text: 'one' }));
    const reply = await writesNothing(async () => upload('one'));
    expect([reply.status, reply.body.invoice_id]).to.deep.equal([409, body.invoice_id]);
    expect((await upload('two')).status).to.equal(201);
  });
});

describe('a request without an Idempotency-Key', () => {
  it('is done each time, and nothing is kept of it', async () => {
    await handOver({ vendor_name: 'Acme' });
    await handOver({ vendor_name: 'Acme' });
    expect(await invoiceCount()).to.equal(2);
    expect(await isolation.current().db('idempotency_keys')).to.deep.equal([]);
  });
});

describe('a process that is killed at a request with an Idempotency-Key', () => {
  const ownDatabase = ownDatabases();
  const FIXTURE = fileURLToPath(new URL('fixtures/killed-while-handing-over.ts', import.meta.url));

  /** Another process of the service on the database that the killed one left. */
  async function leftBy(...pattern: string[]) {
    const database = await ownDatabase();
    const db = database.open();
    await migrate(db);
    const command = ['--conditions=@acme/source', '--import', 'tsx', FIXTURE, database.url, KEY, ...pattern];
    const [, signal] = await once(spawn(process.execPath, command, { stdio: 'inherit' }), 'exit');
    expect(signal).to.equal('SIGKILL');
    const post = (options: AppOptions) =>
      request(createApp(db, options))
        .post('/api/v1/invoices')
        .set('Idempotency-Key', KEY)
        .set('Content-Type', 'application/json')
        .send('{"vendor_name":"Acme"}');
    const count = async () => (await db('invoices').select('id')).length;
    return { post, count };
  }

  for (const [moment, pattern] of [
    ['before it wrote', 'insert into .invoices'],
    ['when it had written all', 'update .idempotency_keys'],
  ] as const) {
    it(`${moment} leaves the work to the next try after a minute`, async () => {
      const { post, count } = await leftBy(pattern);
      const early = await post({});
      expect([early.status, early.headers['retry-after'], await count()]).to.deep.equal([409, '1', 0]);

      const late = await post(later(61_000));
      expect([late.status, late.headers['idempotency-replayed'], await count()]).to.deep.equal([201, undefined, 1]);
    });
  }

  it('after COMMIT leaves the reply to the next try', async () => {
    const { post, count } = await leftBy();
    const next = await post({});
    expect([next.status, next.headers['idempotency-replayed'], await count()]).to.deep.equal([201, 'true', 1]);
  });
});
