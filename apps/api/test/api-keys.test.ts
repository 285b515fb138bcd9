import { expect } from 'chai';
import type { Response } from 'supertest';
import { createApp } from '../src/app.ts';
import { handOver, history, type Json, request, stored } from './support/api.ts';
import { bearer, withCredentials } from './support/credentials.ts';
import { isolation } from './support/isolation.ts';

const KEY = /^inv_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/;

/** The service where credentials are needed. */
function service(now?: () => Date) {
  return request(createApp(isolation.current().db, withCredentials(null, now)));
}

async function newKey(admin: string, body: object): Promise<Json> {
  const response = await service().post('/api/v1/keys').set('Authorization', admin).send(body);
  expect(response.status, response.text).to.equal(201);
  return response.body;
}

/** What a reviewer's credential gets. */
async function read(Authorization: string, now?: () => Date): Promise<Response> {
  return service(now).get('/api/hitl/invoices').set('Authorization', Authorization);
}

async function review(Authorization: string, body: object): Promise<Response> {
  return service()
    .post('/api/hitl/invoice/validate')
    .set('Authorization', Authorization)
    .send({ invoice_id: 'A', ...body });
}

describe('API keys', () => {
  it('are shown once, and kept as a hash of their secret', async () => {
    const admin = await bearer(['admin']);
    const { key, ...rest } = await newKey(admin, { name: 'Ann', roles: ['reviewer', 'auditor', 'reviewer'] });

    expect(key).to.match(KEY);
    expect(rest).to.deep.include({ name: 'Ann', roles: ['reviewer', 'auditor'], revoked_at: null });
    const { body } = await service().get('/api/v1/keys').set('Authorization', admin);
    expect(body.keys).to.have.length(2);
    expect(body.keys).to.deep.include(rest);
    const { db } = isolation.current();
    const everything = JSON.stringify([await db('api_keys'), await db('audit_log'), body]);
    expect(everything).to.contain(key.slice(4, 20)).and.not.contain(key.slice(21));
  });

  it('are made once for an Idempotency-Key, and their secret is not kept for whoever asks again', async () => {
    const admin = await bearer(['admin']);
    const make = () =>
      service()
        .post('/api/v1/keys')
        .set({ Authorization: admin, 'Idempotency-Key': 'k-1' })
        .send({ name: 'Ann', roles: ['reviewer'] });
    const [first, again] = [await make(), await make()];

    expect([first.status, again.status]).to.deep.equal([201, 201]);
    expect(again.headers['idempotency-replayed']).to.equal('true');
    expect(again.body).to.deep.equal({ ...first.body, key: null });
    expect((await read(`Bearer ${first.body.key}`)).status).to.equal(200);
    const { db } = isolation.current();
    expect(JSON.stringify(await db('idempotency_keys'))).not.to.contain(first.body.key.slice(21));
    expect(await db('api_keys').where({ name: 'Ann' })).to.have.length(1);
  });

  it('are valid for a year unless something else is asked for', async () => {
    const admin = await bearer(['admin']);
    const lifetime = async (asked: object) => {
      const { created_at, expires_at } = await newKey(admin, { name: 'n', roles: ['auditor'], ...asked });
      return expires_at && Date.parse(expires_at) - Date.parse(created_at);
    };
    expect(Math.round((await lifetime({})) / 86_400_000)).to.equal(365);
    expect(await lifetime({ expires_at: null })).to.equal(null);
    const { expires_at } = await newKey(admin, {
      name: 'n',
      roles: ['admin'],
      expires_at: '2030-01-01T00:00:00+01:00',
    });
    expect(expires_at).to.equal('2029-12-31T23:00:00.000Z');
  });

  it('expire', async () => {
    const admin = await bearer(['admin']);
    const { key } = await newKey(admin, { name: 'n', roles: ['reviewer'], expires_at: '2100-01-01T00:00:00Z' });

    expect((await read(`Bearer ${key}`, () => new Date('2099-12-31T23:59:59.999Z'))).status).to.equal(200);
    const late = await read(`Bearer ${key}`, () => new Date('2100-01-01T00:00:00.000Z'));
    expect([late.status, late.body]).to.deep.equal([401, { detail: 'The key has expired' }]);
  });

  it('are worthless as soon as they are revoked, which can be said again', async () => {
    const admin = await bearer(['admin']);
    const { id, key } = await newKey(admin, { name: 'n', roles: ['reviewer'] });
    expect((await read(`Bearer ${key}`)).status).to.equal(200);

    for (const _time of ['first', 'second']) {
      const revoked = await service().delete(`/api/v1/keys/${id}`).set('Authorization', admin);
      expect([revoked.status, revoked.text]).to.deep.equal([204, '']);
    }
    const refused = await read(`Bearer ${key}`);
    expect([refused.status, refused.body]).to.deep.equal([401, { detail: 'The key has been revoked' }]);
    expect(refused.headers['www-authenticate']).to.equal('Bearer realm="invoice-api", error="invalid_token"');
  });

  it('are refused when a single thing about them is wrong', async () => {
    const [mine, other] = [await bearer(['reviewer']), await bearer(['reviewer'])];
    const key = mine.slice('Bearer '.length);
    const swapped = key.slice(0, 21) + other.slice(-43);
    const lastOther = key.endsWith('A') ? 'B' : 'A';
    for (const wrong of [
      ...[
        `Bearer ${swapped}`,
        `Bearer ${key.slice(0, -1)}${lastOther}`,
        `Bearer ${key.slice(0, -1)}`,
        `Bearer ${key}A`,
      ],
      ...[`Bearer ${key.toUpperCase()}`, `Bearer inv_${'0'.repeat(16)}_${key.slice(21)}`, `Bearer  ${key}x`],
      ...[key, `Basic ${key}`, `Basic ${Buffer.from(`x:${key}`).toString('base64')}`, `Bearer ${key} ${key}`],
      ...['Bearer', 'Bearer ', 'Bearer inv_', 'Bearer inv__', `Bearer ${key.replace('inv_', '')}`, 'Bearer null'],
      ...[`Bearer inv_' OR 1=1 --_${key.slice(21)}`, `Bearer inv_${'é'.repeat(16)}`, `Bearer ${'x'.repeat(8_000)}`],
    ]) {
      const refused = await read(wrong);
      expect(refused.status, wrong).to.equal(401);
      expect(refused.body.detail, wrong).to.match(/^The (key|credential) is not valid$/);
    }
    expect((await read(mine)).status).to.equal(200);
    expect((await read(mine.replace('Bearer', 'bearer'))).status).to.equal(200);
  });

  it('are answered alike whether the id or the secret is wrong', async () => {
    const key = await bearer(['reviewer']);
    const reply = async (wrong: string) => {
      const { status, body, headers } = await read(wrong);
      return { status, body, challenge: headers['www-authenticate'] };
    };
    const unknownId = await reply(key.replace(/_[0-9a-f]{16}_/, `_${'1'.repeat(16)}_`));
    expect(await reply(`${key.slice(0, -43)}${'x'.repeat(43)}`)).to.deep.equal(unknownId);
  });

  it('are refused as a problem on /api/v1, and asked for where there is none', async () => {
    const none = await service().get('/api/v1/keys');
    expect(none.headers['www-authenticate']).to.equal('Bearer realm="invoice-api"');
    expect(none.headers['content-type']).to.match(/^application\/problem\+json/);
    expect(none.body).to.deep.equal({
      ...{ type: 'about:blank', title: 'Unauthorized', status: 401, detail: 'A credential is needed' },
    });
    const wrongRole = await service()
      .get('/api/v1/keys')
      .set('Authorization', await bearer(['approver', 'auditor', 'extractor']));
    expect(wrongRole.headers['www-authenticate']).to.equal('Bearer realm="invoice-api", error="insufficient_scope"');
    expect(wrongRole.body).to.include({ status: 403, detail: 'None of your roles allows this' });
  });

  it('are made only of a name and known roles', async () => {
    const admin = await bearer(['admin']);
    const refused = async (body: object) => {
      const { status, body: problem } = await service().post('/api/v1/keys').set('Authorization', admin).send(body);
      return [status, ...(problem.errors ?? []).map(({ pointer, code }: Json) => `${pointer} ${code}`)];
    };
    expect(await refused({})).to.deep.equal([422, '/name missing', '/roles missing']);
    expect(await refused({ name: ' ', roles: [], id: 'x' })).to.have.members([
      ...[422, '/name string_invalid', '/roles list_type', '/id unknown_key'],
    ]);
    expect(await refused({ name: 'x'.repeat(201), roles: ['boss', 1], expires_at: 'soon' })).to.have.members([
      ...[422, '/name string_too_long', '/roles/0 string_invalid', '/roles/1 string_type', '/expires_at date_parsing'],
    ]);
  });

  it('answer 404 for an unknown id, whatever it is', async () => {
    const admin = await bearer(['admin']);
    for (const id of ['nope', '__proto__', '%00', 'x'.repeat(500)]) {
      const { status } = await service().delete(`/api/v1/keys/${id}`).set('Authorization', admin);
      expect(status, id).to.equal(404);
    }
  });

  it('leave entries in the audit log, in the name of who made them', async () => {
    const admin = await bearer(['admin'], 'Root');
    const { id } = await newKey(admin, { name: 'Ann', roles: ['reviewer'], expires_at: null });
    await service().delete(`/api/v1/keys/${id}`).set('Authorization', admin);

    const { body } = await service()
      .get('/api/v1/audit')
      .set('Authorization', await bearer(['auditor']));
    const [, created, revoked] = body.entries;
    expect(created).to.include({ action: 'key.created', actor: 'Root', invoice_id: null });
    expect(created.changes).to.deep.include({ field: 'roles', old: null, new: ['reviewer'] });
    expect(revoked).to.include({ action: 'key.revoked', actor: 'Root' });
    expect(revoked.changes[0]).to.deep.equal({ field: 'id', old: id, new: id });
  });
});

describe('the name in the history', () => {
  beforeEach(() => handOver({ id: 'A', vendor_name: 'Acme' }));

  it('is that of the credential, whoever the body names', async () => {
    const ann = await bearer(['approver'], 'Zoë 𝄞');
    const entry = { field_name: 'vendor_name', value: null, confidence: 1, validated: true };
    const { status, text } = await review(ann, {
      ...{ expected_review_version: 0, reviewer: 'Somebody Else', overall_validation_status: 'validated' },
      field_validations: [entry],
    });

    expect(status, text).to.equal(200);
    expect((await history('A')).map(({ reviewer }) => reviewer)).to.deep.equal(['Zoë 𝄞']);
    expect(await stored('A')).to.include({ reviewer: 'Zoë 𝄞' });
    const { body } = await service().get('/api/hitl/invoice/A').set('Authorization', ann);
    expect(body.fields.vendor_name.validated_by).to.equal('Zoë 𝄞');
    const { db } = isolation.current();
    expect(await db('audit_log').where({ action: 'invoice.reviewed' }).pluck('actor')).to.deep.equal(['Zoë 𝄞']);
    expect(JSON.stringify(await db('review_history'))).not.to.contain('Somebody Else');
  });

  it('is that of the credential also where the body names nobody', async () => {
    await review(await bearer(['reviewer'], 'ann'), { expected_review_version: 0 });
    expect((await history('A')).map(({ reviewer }) => reviewer)).to.deep.equal(['ann']);
  });
});

describe('an approval', () => {
  beforeEach(() => handOver({ id: 'A', total_amount: '1' }));

  const validated = (expected_review_version: number) => ({
    ...{ expected_review_version, overall_validation_status: 'validated' },
  });

  it('is given by approvers only', async () => {
    const refused = await review(await bearer(['reviewer']), validated(0));
    expect([refused.status, refused.body]).to.deep.equal([
      ...[403, { detail: 'Only an approver may set the status "validated"' }],
    ]);
    expect(await stored('A')).to.include({ review_version: 0, processing_state: 'EXTRACTED' });
    expect((await review(await bearer(['approver']), validated(0))).status).to.equal(200);
    expect(await stored('A')).to.include({ review_version: 1, processing_state: 'VALIDATED' });
  });

  it('stands for what the approver saw: others do not change the invoice after it, in whichever way', async () => {
    const [reviewer, approver] = [await bearer(['reviewer']), await bearer(['approver'])];
    await review(approver, validated(0));
    const correction = { field_name: 'total_amount', value: '1', confidence: 1, validated: true, corrected_value: '9' };
    const attempts = [
      await review(reviewer, { expected_review_version: 1, field_validations: [correction] }),
      await review(reviewer, { expected_review_version: 1, clear_fields: ['notes'] }),
      await service()
        .patch('/api/v1/invoices/A')
        .set({ Authorization: reviewer, 'If-Match': '"1"', 'Content-Type': 'application/merge-patch+json' })
        .send('{"total_amount":"9"}'),
      await service()
        .post('/api/v1/invoices/A/line-items')
        .set({ Authorization: reviewer, 'If-Match': '"1"' })
        .send({ line_number: 1, amount: '9' }),
    ];
    expect(attempts.map(({ status }) => status)).to.deep.equal(attempts.map(() => 403));
    expect(await stored('A')).to.include({ total_amount: '1', review_version: 1 });
    expect((await review(approver, { expected_review_version: 1, field_validations: [correction] })).status).to.equal(
      200,
    );
  });
});
