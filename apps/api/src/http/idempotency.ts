import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Knex } from 'knex';
import type { KeyedRequest, Reply } from '../idempotency/key-store.ts';
import { type OnceReply, runOnce } from '../idempotency/run-once.ts';
import { writeJson } from '../json/json.ts';
import { MalformedRequestKeyError } from './http-errors.ts';

/** What is needed to do a request once. */
export interface Once {
  readonly db: Knex;
  readonly now: () => Date;
}

/** What a POST answers. */
export interface JsonReply {
  readonly status: number;
  /** `ETag` and `Location`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const MOST_CHARACTERS = 255;
/** As the IETF's draft has it: a string of RFC 8941. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/;
/** As most clients send it. */
const BARE = /^[A-Za-z0-9!#$%&'*+./:=@^_`|~-]+$/;

/**
 * Answers a POST with a JSON body. With an `Idempotency-Key` its work is done once for each caller, path and key, and
 * the same reply is given again for a day. Everything that the work writes goes through the database that it is given.
 *
 * @throws MalformedRequestKeyError, RequestKeyReusedError, RequestInProgressError, whatever the work throws.
 */
export async function idempotent(
  { db, now }: Once,
  request: Request,
  response: Response,
  work: (db: Knex) => Promise<JsonReply>,
): Promise<void> {
  sendOnce(response, await doOnce({ db, now }, request, bodyOf(request), work));
}

/** As `idempotent`, for a body that is read in another way: `sent` tells it from others. The reply is to be sent. */
export async function doOnce(
  { db, now }: Once,
  request: Request,
  sent: string | Uint8Array,
  work: (db: Knex) => Promise<JsonReply>,
): Promise<OnceReply> {
  const keyed = keyedRequest(request, sent);
  const written = async (handle: Knex) => asText(await work(handle));
  return keyed === undefined ? { ...(await written(db)), replayed: false } : runOnce(db, keyed, now(), written);
}

/** Sends a reply, and says whether it was given before. */
export function sendOnce(response: Response, { status, headers, body, replayed }: OnceReply): void {
  if (replayed) {
    response.set('Idempotency-Replayed', 'true');
  }
  response.status(status).set(headers).send(body);
}

/** What tells this request from others; undefined without a key. */
function keyedRequest(request: Request, sent: string | Uint8Array): KeyedRequest | undefined {
  const key = keyOf(request);
  if (key === undefined) {
    return undefined;
  }
  const route = [request.caller?.id ?? null, request.method, request.baseUrl + request.path, key];
  const ifMatch = `${request.get('If-Match') ?? ''}\n`;
  return { id: sha256(JSON.stringify(route)), fingerprint: sha256(ifMatch, sent) };
}

function keyOf(request: Request): string | undefined {
  const header = request.get('Idempotency-Key');
  if (header === undefined) {
    return undefined;
  }
  const [, quoted] = QUOTED.exec(header) ?? [];
  const key = quoted?.replaceAll(/\\(.)/g, '$1') ?? (BARE.test(header) ? header : '');
  if (key === '' || key.length > MOST_CHARACTERS) {
    throw new MalformedRequestKeyError(`Idempotency-Key must be one text of 1 to ${MOST_CHARACTERS} ASCII characters`);
  }
  return key;
}

function asText({ status, headers = {}, body }: JsonReply): Reply {
  return { status, headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers }, body: writeJson(body) };
}

/** As jsonBody left it. */
function bodyOf(request: Request): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : new Uint8Array();
}

function sha256(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(part);
  }
  return hash.digest('hex');
}
