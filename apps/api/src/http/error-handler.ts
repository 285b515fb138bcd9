import type { ErrorRequestHandler, RequestHandler } from 'express';
import { detailBody, problemBody, problemStatus } from './answers.ts';
import { answerTo, unforeseenAnswer } from './error-table.ts';
import { MalformedUrlError, UnknownPathError } from './http-errors.ts';
import { sendJson } from './reply.ts';

/** Refuses a path that cannot be decoded, before any route looks at it. */
export const refuseMalformedPath: RequestHandler = (request, _response, next) => {
  try {
    decodeURIComponent(request.path);
  } catch (cause) {
    throw new MalformedUrlError('Malformed URL escape', { cause });
  }
  next();
};

/** Answers every path that no route took. */
export const refuseUnknownPath: RequestHandler = () => {
  throw new UnknownPathError('Not Found');
};

/** Turns an error into a reply in the format of its path; one that nobody foresaw is logged under the request's id. */
export const handleError: ErrorRequestHandler = (error, request, response, _next) => {
  const answer = answerTo(error) ?? unforeseenAnswer(String(request.id));
  if (answer.requestId !== undefined) {
    request.log.error({ err: error }, 'request failed');
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.set(answer.headers ?? {});
  if (/^\/api\/v1(?:\/|$)/.test(request.path)) {
    sendJson(response, problemStatus(answer), problemBody(answer), 'application/problem+json');
  } else {
    sendJson(response, answer.status, detailBody(answer));
  }
};
