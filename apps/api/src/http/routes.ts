import type { IRouter, Request, RequestHandler, Response } from 'express';
import { MethodNotAllowedError } from './http-errors.ts';
import { type Permission, permit } from './permissions.ts';

/** What answers one method of a path; a rejected promise goes to the error handler. */
type Handler = (request: Request, response: Response) => void | Promise<void>;

/** One method of a path, and what its caller must be allowed to do. */
interface Operation {
  readonly needs: Permission;
  readonly handle: Handler;
}

const METHODS = ['get', 'post', 'patch', 'delete'] as const;

/** The methods of one path. */
export type Methods = { readonly [method in (typeof METHODS)[number]]?: Operation };

/** Adds a path to a router; every other method is answered with 405 and what is allowed. */
export function addRoute(router: IRouter, path: string, methods: Methods): void {
  const route = router.route(path).all((request, response, next) => {
    // Now, because Express forgets where a router is mounted once something in it has failed.
    response.locals.route = request.baseUrl + path;
    next();
  });
  for (const method of METHODS) {
    const operation = methods[method];
    if (operation !== undefined) {
      route[method](permit(operation.needs), operation.handle);
    }
  }
  route.all(otherMethods(methods));
}

/** The `:id` of a path: any text whatever. */
export function pathId(request: Request): string {
  return String(request.params['id']);
}

/** The `:lineId` of a path: any text whatever. */
export function pathLineId(request: Request): string {
  return String(request.params['lineId']);
}

function otherMethods(methods: Methods): RequestHandler {
  const allow = METHODS.filter((method) => methods[method] !== undefined)
    .flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))
    .join(', ');
  return () => {
    throw new MethodNotAllowedError(allow);
  };
}
