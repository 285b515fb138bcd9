import express, { type NextFunction, type Request, type Response } from 'express';
import { ValidationError } from '../errors.ts';
import { type JsonValue, readJson } from '../json/json.ts';
import { BodyTooLargeError, UnsupportedTypeError } from './http-errors.ts';

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
  if (!isJsonType(request.headers['content-type'])) {
    throw notJson('content type must be application/json in UTF-8');
  }
  try {
    return readJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw notJson('not valid JSON');
  }
}

/**
 * Reads a merge patch (RFC 7396).
 *
 * @throws UnsupportedTypeError when it says that it is something else; as jsonBody.
 */
export async function mergePatchBody(request: Request, response: Response): Promise<JsonValue> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  if (!PATCH_TYPES.includes(type.trim().toLowerCase())) {
    throw new UnsupportedTypeError(PATCH_TYPES.join(', '));
  }
  return jsonBody(request, response);
}

const PATCH_TYPES = ['application/merge-patch+json', 'application/json'];

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
  throw notJson('the body cannot be read');
}

function notJson(text: string): ValidationError {
  return new ValidationError([{ type: 'json_invalid', source: 'body', path: [], name: 'body', text, input: null }]);
}

function isJsonType(contentType: string | undefined): boolean {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  return isUtf8 && /^application\/(?:[a-z0-9.+_-]+\+)?json$/.test(type);
}
