import { expect } from 'chai';
import type { Response } from 'supertest';
import { type AppOptions, createApp } from '../src/app.ts';
import { api, handOver, request } from './support/api.ts';
import { bearer, withCredentials } from './support/credentials.ts';
import { documentsOfEachTest, multipart } from './support/documents.ts';
import { isolation } from './support/isolation.ts';
import { pdf } from './support/pdf.ts';
import { routesOf } from './support/routes.ts';

/** What no reply says: places in this program, SQL, words of drivers, of parsers and of the system. */
const TELLING = [
  ...[/\bat .+:\d+:\d+/, /node_modules/, /\.[cm]?[jt]s\b/, /\bfile:\/\//, /\/(tmp|home|work|usr|var)\//],
  ...[/\b(select|insert|update|delete) .*(from|into|set)\b/i, /sqlite|postgres|mysql|mariadb|knex|pg_/i, /SQLSTATE/i],
  ...[/\bE[A-Z]{4,}\b/, /Error:/, /Unexpected token|JSON at position/, /ZodError|SyntaxError|TypeError/, /undefined/],
];

/** Tells what everybody may know, of scripts too. */
const DOCUMENTATION = /\/(docs|openapi)/;

function expectNothingTold(response: Response, what: string): void {
  const said = `${JSON.stringify(response.headers)}\n${response.text ?? ''}`.replaceAll(/application\/javascript/g, '');
  for (const pattern of TELLING) {
    expect(said, what).not.to.match(pattern);
  }
  expect(response.headers['x-content-type-options'], what).to.equal('nosniff');
  expect(response.headers['content-security-policy'], what).to.contain("default-src 'none'");
  expect(response.headers, what).not.to.have.any.keys('x-powered-by', 'server');
}

/** Bodies that one or the other route cannot take. */
const BODIES: [string, string][] = [
  ['application/json', ''],
  ['application/json', '{"a":'],
  ['application/json', '[]'],
  ['application/json', '"\ud800"'],
  ['application/json', '{"__proto__":{"admin":true},"constructor":1}'],
  ['application/json', `${'['.repeat(50_000)}`],
  ['application/json', JSON.stringify({ invoice_id: "' OR 1=1 --", expected_review_version: 1e300 })],
  ['application/merge-patch+json', '{"total_amount":"NaN"}'],
  ['application/xml', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>'],
  ['multipart/form-data', 'no boundary'],
  [
    'multipart/form-data; boundary=b0undary',
    '--b0undary\r\nContent-Disposition: form-data; name="file"; filename="../../x"',
  ],
  ['application/json; charset=utf-16', '{}'],
  ['', 'x'],
];

const PATHS = [
  "'",
  '%00',
  '..%2f..%2fetc%2fpasswd',
  '%zz',
  '__proto__',
  'x'.repeat(3_000),
  '%F0%9F%A7%BE',
  '1;DROP TABLE x',
];
const QUERIES = [
  '?limit=-1&skip=x',
  '?limit[]=1&limit=2',
  "?status=' OR '1'='1&cursor=%00",
  '?cursor=AAAA&sort=__proto__',
];

describe('replies', () => {
  const documents = documentsOfEachTest();

  it('tell nothing about the inside, whatever is sent to whichever route', async () => {
    const app = createApp(isolation.current().db, documents.options());
    const server = app.listen(0, '127.0.0.1');
    const send = request(server);
    const headers = { 'If-Match': '"x', 'Idempotency-Key': 'é'.slice(1), Range: 'bytes=9-1,x' };
    let answered = 0;
    const check = async (what: string, response: Promise<Response>) => {
      const reply = await response;
      expect(reply.status, what).not.to.equal(500);
      expectNothingTold(reply, what);
      answered += 1;
    };
    try {
      for (const route of routesOf(app).filter((each) => !DOCUMENTATION.test(each))) {
        const [method = '', pattern = ''] = route.split(' ');
        const call = (path: string) =>
          send[method as 'get' | 'post'](path)
            .set(headers)
            .ok(() => true);
        for (const value of pattern.includes('{') ? PATHS : QUERIES) {
          const path = pattern.includes('{') ? pattern.replaceAll(/\{\w+\}/g, value) : `${pattern}${value}`;
          await check(`${method} ${path}`, call(path).set('If-Match', '"0"'));
        }
        if (method !== 'get') {
          for (const [type, body] of BODIES) {
            const path = pattern.replaceAll(/\{\w+\}/g, 'x');
            await check(`${route} ${type} ${body.slice(0, 40)}`, call(path).set('Content-Type', type).send(body));
          }
        }
      }
    } finally {
      server.close();
    }
    expect(answered).to.be.above(200);
  });

  it('tell nothing when the database is gone, with credentials and without', async () => {
    const options: AppOptions[] = [documents.options(), { ...documents.options(), ...withCredentials() }];
    const Authorization = await bearer(['reviewer', 'auditor', 'extractor', 'approver', 'admin']);
    await isolation.current().db.destroy();
    for (const each of options) {
      const app = createApp(isolation.current().db, each);
      for (const route of routesOf(app).filter((route) => !DOCUMENTATION.test(route))) {
        const [method = '', path = ''] = route.split(' ');
        const response = await request(app)
          [method as 'get' | 'post'](path.replaceAll(/\{\w+\}/g, 'x'))
          .set({ Authorization, 'If-Match': '"0"' })
          .ok(() => true);
        expectNothingTold(response, route);
      }
    }
  });

  it('are not kept, framed, or taken for something that they are not', async () => {
    for (const [path, status] of [
      ...([
        ['/', 200],
        ['/health', 200],
        ['/nope', 404],
        ['/api/v1/nope', 404],
        ['/%zz', 400],
      ] as const),
    ]) {
      const { headers, status: found } = await api().get(path);
      expect(found).to.equal(status);
      expect(headers).to.include({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': 'max-age=31536000',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
    }
  });

  it('with an uploaded document say that nothing in it may be run', async () => {
    const script = '<script>alert(1)</script>';
    const name = `a";\r\nX-Evil: 1${script}.pdf`.replace('\r\n', '');
    const { body } = await documents.upload(pdf(), name.replaceAll('"', '%22'));
    const { headers } = await documents.download(body.invoice_id);
    expect(headers).to.include({ 'content-type': 'application/pdf', 'x-content-type-options': 'nosniff' });
    expect(headers['content-security-policy']).to.equal("default-src 'none'; sandbox; frame-ancestors 'none'");
    expect(headers['content-disposition']).to.match(
      /^inline; filename="[A-Za-z0-9._ -]+"; filename\*=UTF-8''[\w.%-]+$/,
    );
    expect(headers).not.to.have.property('x-evil');
  });

  it('let pages of configured origins use all of /api/v1, and no others', async () => {
    const options = { corsOrigins: ['https://review.example'] };
    const preflight = (origin: string) =>
      api(options)
        .options('/api/v1/invoices/A')
        .set({ Origin: origin, 'Access-Control-Request-Method': 'PATCH' })
        .set('Access-Control-Request-Headers', 'authorization,if-match');

    const { status, headers } = await preflight('https://review.example');
    expect(status).to.equal(204);
    const listed = (name: string) => String(headers[name]).split(', ');
    expect(listed('access-control-allow-methods')).to.include.members(['GET', 'POST', 'PATCH', 'DELETE']);
    expect(listed('access-control-allow-headers')).to.include.members([
      ...['Authorization', 'Content-Type', 'If-Match', 'Idempotency-Key'],
    ]);
    expect(headers).not.to.have.property('access-control-allow-credentials');
    const other = await preflight('https://review.example.evil');
    expect(Object.keys(other.headers).filter((name) => name.startsWith('access-control'))).to.deep.equal([]);

    await handOver({ id: 'A' });
    const found = await api(options).get('/api/v1/invoices/A').set('Origin', 'https://review.example');
    const exposed = String(found.headers['access-control-expose-headers']).split(', ');
    expect(exposed).to.include.members(['ETag', 'Location', 'Link', 'RateLimit', 'RateLimit-Policy', 'Retry-After']);
    // A page is told also that it may not come in.
    const refused = await api({ ...options, ...withCredentials() })
      .get('/api/v1/invoices/A')
      .set('Origin', 'https://review.example');
    expect([refused.status, refused.headers['access-control-allow-origin']]).to.deep.equal([
      ...[401, 'https://review.example'],
    ]);
  });

  it('of a service without credentials go to this machine, and not to a page from elsewhere in its browser', async () => {
    const options = { localHost: 'Devbox', corsOrigins: ['https://review.example'] };
    const status = async (headers: Record<string, string>) =>
      (await api(options).get('/api/hitl/invoices').set(headers)).status;
    for (const host of ['127.0.0.1:3000', 'localhost', 'LOCALHOST:80', 'a.localhost', '[::1]:3000', 'devbox:3000']) {
      expect(await status({ Host: host }), host).to.equal(200);
    }
    for (const host of [
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '10.0.0.1',
      'a@b',
      '[::2]',
    ]) {
      expect(await status({ Host: host }), host).to.equal(403);
    }
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1:3000', 'https://review.example']) {
      expect(await status({ Host: 'localhost', Origin: origin }), origin).to.equal(200);
    }
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'file://']) {
      expect(await status({ Host: 'localhost', Origin: origin }), origin).to.equal(403);
    }
  });

  it('are refused without reading a body that is far too large', async () => {
    const { status, body } = await api()
      .post('/api/v1/invoices')
      .set('Content-Type', 'application/json')
      .send(`{"notes":"${'x'.repeat(2_000_000)}"}`);
    expect([status, body.status]).to.deep.equal([413, 413]);
    const Authorization = await bearer(['reviewer']);
    const refused = await api({ ...documents.options(), ...withCredentials() })
      .post('/api/ingestion/upload')
      .set({ Authorization, 'Content-Type': 'multipart/form-data; boundary=b0undary' })
      .send(multipart([{ name: 'file', fileName: 'a.pdf', bytes: Buffer.alloc(3_000_000, 65) }]));
    expect(refused.status).to.equal(403);
    expect(documents.files()).to.deep.equal([]);
  });
});
