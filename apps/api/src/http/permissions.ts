import type { RequestHandler } from 'express';
import { ForbiddenError } from '../errors.ts';
import type { Caller, Role } from './caller.ts';
import { UnauthenticatedError } from './http-errors.ts';

/** What a caller may be allowed to do; `public` needs no credential. */
export type Permission =
  | 'public'
  | 'hand-over'
  | 'read-back'
  | 'read'
  | 'review'
  | 'approve'
  | 'audit'
  | 'administer-keys';

const REVIEWING: readonly Permission[] = ['read-back', 'read', 'review'];

const ALLOWED: Readonly<Record<Role, readonly Permission[]>> = {
  extractor: ['hand-over', 'read-back'],
  reviewer: REVIEWING,
  approver: [...REVIEWING, 'approve'],
  auditor: ['read-back', 'read', 'audit'],
  admin: ['administer-keys'],
};

/** Whether a caller may do something. */
export function may({ roles }: Caller, permission: Permission): boolean {
  return roles.some((role) => ALLOWED[role].includes(permission));
}

/** Lets a request pass whose caller may do this; so nobody passes a route whose request was never identified. */
export function permit(needs: Permission): RequestHandler {
  return ({ caller }, _response, next) => {
    if (needs !== 'public') {
      if (caller === undefined) {
        throw new UnauthenticatedError('missing', 'A credential is needed');
      }
      if (!may(caller, needs)) {
        throw new ForbiddenError('None of your roles allows this');
      }
    }
    next();
  };
}
