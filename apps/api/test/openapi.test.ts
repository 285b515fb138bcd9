import { expect } from 'chai';
import { createApp } from '../src/app.ts';
import { api, get, handOver, type Json } from './support/api.ts';
import { isolation } from './support/isolation.ts';
import { checkReply, document, type SeenReply } from './support/openapi.ts';
import { routesOf } from './support/routes.ts';

const { example: handOverExample } = document.paths['/api/v1/invoices'].post.requestBody.content['application/json'];

/** Every operation of the document. */
function operations(): { method: string; path: string; operation: Json }[] {
  return Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

/** The examples of every body of JSON. */
function jsonBodies(): { method: string; path: string; type: string; example: Json }[] {
  const bodies = operations().flatMap(({ method, path, operation }) =>
    Object.entries<Json>(operation.requestBody?.content ?? {}).map(([type, { example }]) => ({
      method,
      path,
      type,
      example,
    })),
  );
  return bodies.filter(({ type }) => type.endsWith('json'));
}

describe('the OpenAPI document', () => {
  it('has the routes of the service, and no others', async () => {
    const described = operations().map(({ method, path }) => `${method} ${path}`);

    const routes = routesOf(createApp(isolation.current().db));
    expect(described.sort()).to.deep.equal(routes.sort());
  });

  it('is served as JSON', async () => {
    const response = await get('/api/v1/openapi.json');

    expect(response.body).to.deep.equal(document);
  });

  for (const url of ['/api/v1/docs', '/api/v1/docs/']) {
    it(`is served as a page at ${url} that needs nothing from elsewhere and runs nothing inline`, async () => {
      const page = await get(url);

      expect(page.headers['content-security-policy']).to.contain("default-src 'none'; script-src 'self'");
      expect(page.text).not.to.match(/https?:|<script>|<style>/);
      const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file);
      expect(files).to.have.length(3);
      for (const file of files) {
        expect((await get(new URL(file ?? '', `http://localhost${url}`).pathname)).status, file).to.equal(200);
      }
    });
  }

  it('calls every operation by a name of its own', () => {
    const names = operations().map(({ operation }) => operation.operationId);
    expect(new Set(names).size).to.equal(names.length);
  });

  for (const { method, path, type, example } of jsonBodies()) {
    it(`has an example for ${method} ${path} as ${type}, which the service takes`, async () => {
      if (path !== '/api/v1/invoices') {
        await handOver(handOverExample);
      }
      const { line_items } = (await get('/api/v1/invoices/INV-001/line-items')).body;

      const url = path.replace('{id}', 'INV-001').replace('{lineId}', line_items?.[0].id);
      const request = api()[method as 'post'](url).set({ 'Content-Type': type, 'If-Match': '*' });
      const response = await request.send(JSON.stringify(example));
      expect(response.status, response.text).to.be.oneOf([200, 201]);
    });
  }

  it('says of every operation whether it needs a credential, as the route does', async () => {
    const nobody = async () => {
      throw new Error('not asked for a credential that is not sent');
    };
    for (const { method, path, operation } of operations()) {
      const url = path.replaceAll(/\{\w+\}/g, 'x');
      const { status } = await api({ credentials: nobody })[method as 'get'](url);
      expect(status === 401, `${method} ${path} answers ${status}`).to.equal(operation.security.length > 0);
    }
  });
});

describe('the check of replies against the document', () => {
  const good = (): SeenReply => ({
    ...{ method: 'GET', path: '/health', status: 200, text: '{"status":"healthy"}' },
    headers: { 'content-type': 'application/json; charset=utf-8', 'x-request-id': '1' },
  });
  const bad: [string, Partial<SeenReply>, RegExp][] = [
    ['an unknown path', { path: '/healthy' }, /path/],
    ['an unknown method', { method: 'POST' }, /method/],
    ['an unknown status', { status: 201 }, /status/],
    ['another type', { headers: { ...good().headers, 'content-type': 'text/plain' } }, /text\/plain/],
    ['a header that is promised and not there', { headers: { 'content-type': 'application/json' } }, /X-Request-Id/],
    ['a key that is not described', { text: '{"status":"healthy","more":1}' }, /additional/],
    ['a key that is missing', { text: '{}' }, /required/],
    ['an error in another form', { path: '/nowhere', status: 404, text: '{"error":1}' }, /required/],
    ['an error of /api/v1 in the form of others', { path: '/api/v1/x', status: 404, text: '{"detail":""}' }, /problem/],
    [
      'a 405 that allows something else',
      { method: 'PUT', status: 405, headers: { ...good().headers, allow: 'POST' } },
      /method/,
    ],
  ];

  it('passes a reply that is as described', () => {
    expect(() => checkReply(good())).not.to.throw();
  });

  for (const [what, change, message] of bad) {
    it(`fails for ${what}`, () => {
      expect(() => checkReply({ ...good(), ...change })).to.throw(message);
    });
  }

  it('is made of every reply that a test gets', async () => {
    const request = api().get('/health');
    expect((request as unknown as { _asserts: unknown[] })._asserts).to.have.length(1);
    await request;
  });
});
