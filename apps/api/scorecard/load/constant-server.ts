// The service's own app with one route more, which answers what it was given: what its HTTP costs without a database.
// Started with the directory of the service's build and a file of replies by name.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Router } from 'express';

type Source<Name extends 'app' | 'config' | 'server' | 'db/create-database' | 'http/routes'> = {
  app: typeof import('../../src/app.ts');
  config: typeof import('../../src/config.ts');
  server: typeof import('../../src/server.ts');
  'db/create-database': typeof import('../../src/db/create-database.ts');
  'http/routes': typeof import('../../src/http/routes.ts');
}[Name];

const [build = '', replies = ''] = process.argv.slice(2);
const bodies: Record<string, string> = JSON.parse(readFileSync(replies, 'utf8'));
const { createApp } = (await import(join(build, 'app.js'))) as Source<'app'>;
const { readConfig } = (await import(join(build, 'config.js'))) as Source<'config'>;
const { listen } = (await import(join(build, 'server.js'))) as Source<'server'>;
const { createDatabase } = (await import(join(build, 'db/create-database.js'))) as Source<'db/create-database'>;
const { addRoute } = (await import(join(build, 'http/routes.js'))) as Source<'http/routes'>;

const routes = Router({ caseSensitive: true, strict: true });
addRoute(routes, '/constant/:name', {
  get: {
    needs: 'read',
    handle: (request, response) => {
      response.status(200).type('application/json').send(bodies[String(request.params['name'])]);
    },
  },
});
const config = readConfig();
const server = await listen(createApp(createDatabase({ url: config.databaseUrl }), { routes }), config.host, 0);
console.log(`Listening on ${server.url}`);
