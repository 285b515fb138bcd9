import type { IRouter, Request, RequestHandler, Response } from 'express';
import { MethodNotAllowedError } from './http-errors.ts';

/** What answers one method of a path; a rejected promise goes to the error handler. */
type Handler = (request: Request, response: Response) => void | Promise<void>;

/** The methods of one path. */
export interface Methods {
  readonly get?: Handler;
  readonly post?: Handler;
}

/** Adds a path to a router; every other method is answered with 405 and what is allowed. */
export function addRoute(router: IRouter, path: string, methods: Methods): void {
  const route = router.route(path);
  if (methods.get !== undefined) {
    route.get(methods.get);
  }
  if (methods.post !== undefined) {
    route.post(methods.post);
  }
  route.all(otherMethods(methods));
}

/** The `:id` of a path: any text whatever. */
export function pathId(request: Request): string {
  return String(request.params['id']);
}

function otherMethods(methods: Methods): RequestHandler {
  const allow = [...(methods.get ? ['GET', 'HEAD'] : []), ...(methods.post ? ['POST'] : [])].join(', ');
  return () => {
    throw new MethodNotAllowedError(allow);
  };
}
