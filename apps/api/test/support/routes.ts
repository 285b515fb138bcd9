import type { Express } from 'express';

/** What Express keeps of a router that is mounted, and of a route. */
interface Layer {
  readonly name: string;
  /** Where it is mounted. */
  readonly rawPath: string;
  readonly handle: { readonly stack: readonly Layer[] };
  readonly route?: { readonly path: string; readonly stack: readonly { readonly method?: string }[] };
}

/** Method and path of every route that an app has. */
export function routesOf(app: Express): string[] {
  const routers = (app.router.stack as unknown as Layer[]).filter(({ name }) => name === 'router');
  const routes = routers.flatMap(({ rawPath, handle }) => {
    const mount = rawPath === '/' ? '' : rawPath;
    return handle.stack.flatMap(({ route }) => {
      const path = `${mount}${route?.path.replaceAll(/:(\w+)/g, '{$1}')}`;
      return (route?.stack ?? []).flatMap(({ method }) => (method === undefined ? [] : [`${method} ${path}`]));
    });
  });
  return [...new Set(routes)];
}
