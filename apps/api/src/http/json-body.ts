import express, { type NextFunction, type Request, type Response } from 'express';
import { type JsonValue, readJson } from '../json/json.ts';
import { BodyTooLargeError } from './http-errors.ts';
import { read } from './reader.ts';

/** The largest JSON body that is read, in bytes. */
const MAX_BODY_BYTES = 1_048_576;

const readBytes = express.raw({ type: () => true, limit: MAX_BODY_BYTES });

/**
 * Reads a request's JSON body without changing any number.
 *
 * @throws ValidationError when the body is not JSON in UTF-8, BodyTooLargeError when it is over the limit.
 */
export async function jsonBody(request: Request, response: Response): Promise<JsonValue> {
  const bytes = await bodyBytes(request, response);
  return read('body', (place) => {
    if (!isJsonType(request.headers['content-type'])) {
      return place.refuse<JsonValue>('json_invalid', 'content type must be application/json in UTF-8', null);
    }
    try {
      return readJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch {
      return place.refuse<JsonValue>('json_invalid', 'not valid JSON', null);
    }
  });
}

async function bodyBytes(request: Request, response: Response): Promise<Uint8Array> {
  const failure = await new Promise<unknown>((resolve) => {
    const next: NextFunction = (error?: unknown) => resolve(error);
    readBytes(request, response, next);
  });
  if (failure === undefined) {
    return request.body instanceof Uint8Array ? request.body : new Uint8Array();
  }
  if (failure instanceof Error && 'type' in failure && failure.type === 'entity.too.large') {
    throw new BodyTooLargeError('Request body too large', { cause: failure });
  }
  return read('body', (place) => place.refuse<Uint8Array>('json_invalid', 'the body cannot be read', null));
}

function isJsonType(contentType: string | undefined): boolean {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  return isUtf8 && /^application\/(?:[a-z0-9.+_-]+\+)?json$/.test(type);
}
