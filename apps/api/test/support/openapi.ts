import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Response } from 'supertest';
import { openApiDocument } from '../../src/openapi/document.ts';

/** The document that the service serves; plain JSON. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into it freely
export const document: any = JSON.parse(JSON.stringify(openApiDocument()));

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
ajv.addSchema(document, 'openapi');
const compiled = new Map<string, ValidateFunction>();

const ERRORS = { v1: ['/api/v1/invoices/{id}', 'get', 'responses', '404'], other: ['/', 'get', 'responses', '500'] };

/** A reply as any client sees it. */
export interface SeenReply {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string | undefined;
}

/** For `expect` of supertest: fails for a reply that the document does not describe. */
export function matchesDocument(response: Response): void {
  const { method, url } = (response as unknown as { request: { method: string; url: string } }).request;
  const path = url.replace(/^https?:\/\/[^/]+/, '').replace(/\?.*$/s, '');
  checkReply({ method, path, status: response.status, headers: response.headers, text: response.text });
}

/** @throws an Error that says in which way a reply is not as the document describes it. */
export function checkReply(reply: SeenReply): void {
  const problem = wrongWith(reply);
  if (problem !== undefined) {
    const { method, path, status, text = '' } = reply;
    throw new Error(`${method} ${path} -> ${status} ${problem}: ${text.slice(0, 2_000)}`);
  }
}

/** The path of the document that a path matches; one without parameters comes first. */
function templateOf(path: string): string | undefined {
  return templates.find(({ pattern }) => pattern.test(path))?.template;
}

const templates = Object.keys(document.paths)
  .map((template) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll(/[.]/g, '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }))
  .sort((a, b) => a.template.split('{').length - b.template.split('{').length);

function wrongWith(reply: SeenReply): string | undefined {
  const { path, status } = reply;
  const method = reply.method.toLowerCase();
  const template = templateOf(path);
  if (template === undefined) {
    return [400, 404, 429].includes(status) ? wrongWithError(reply) : 'has a path that the document does not have';
  }
  const documented = Object.keys(document.paths[template]);
  const operation = method === 'head' ? 'get' : method;
  if (method === 'options' && status === 204) {
    return undefined; // asked by browsers, of any path
  }
  if (!documented.includes(operation)) {
    return status === 405 && allows(reply, documented)
      ? wrongWithError(reply)
      : 'has a method that the document does not have';
  }
  const described = document.paths[template][operation].responses[String(status)];
  if (described === undefined) {
    return 'has a status that the document does not have';
  }
  return (
    wrongHeader(reply, described) ?? wrongBody(reply, described, [template, operation, 'responses', String(status)])
  );
}

function wrongHeader({ headers }: SeenReply, described: { headers?: Record<string, object> }): string | undefined {
  const missing = Object.keys(described.headers ?? {}).find((name) => headers[name.toLowerCase()] === undefined);
  return missing === undefined ? undefined : `lacks the header ${missing}`;
}

function wrongBody(reply: SeenReply, described: { content?: object }, place: readonly string[]): string | undefined {
  const [type] = Object.keys(described.content ?? {});
  const sent = String(reply.headers['content-type'] ?? '').split(';')[0];
  if (reply.method === 'HEAD' || type === undefined) {
    return undefined;
  }
  if (sent !== type) {
    return `is ${sent}, not ${type}`;
  }
  return type.endsWith('json') ? wrongJson(reply, [...place, 'content', type, 'schema']) : undefined;
}

function wrongJson({ text }: SeenReply, place: readonly string[]): string | undefined {
  const validate = validatorOf(place);
  return validate(JSON.parse(text ?? '')) ? undefined : `is not as described: ${ajv.errorsText(validate.errors)}`;
}

/** Errors of paths and methods that are not there have the form of every other error. */
function wrongWithError(reply: SeenReply): string | undefined {
  const isV1 = /^\/api\/v1(?:\/|$)/.test(reply.path);
  const type = isV1 ? 'application/problem+json' : 'application/json';
  return wrongBody(reply, { content: { [type]: {} } }, isV1 ? ERRORS.v1 : ERRORS.other);
}

function allows({ headers }: SeenReply, documented: readonly string[]): boolean {
  const allowed = documented.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  return JSON.stringify(String(headers['allow']).split(', ').sort()) === JSON.stringify(allowed.sort());
}

function validatorOf(place: readonly string[]): ValidateFunction {
  const pointer = ['paths', ...place].map((step) =>
    encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  const $ref = `openapi#/${pointer.join('/')}`;
  const validate = compiled.get($ref) ?? ajv.compile({ $ref });
  compiled.set($ref, validate);
  return validate;
}
