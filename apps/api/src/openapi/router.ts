import { createRequire } from 'node:module';
import path from 'node:path';
import { type Response, Router } from 'express';
import { addRoute, type Methods } from '../http/routes.ts';
import { openApiDocument } from './document.ts';

const require = createRequire(import.meta.url);
const SWAGGER_UI = path.dirname(require.resolve('swagger-ui-dist/package.json'));

/** What the page may do in a browser: use its own files and this API. */
const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/** The page; `files` leads from it to what it is made of. */
const page = (files: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Invoice review API</title>
<link rel="stylesheet" href="${files}swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="${files}swagger-ui-bundle.js"></script>
<script src="${files}docs.js"></script>
</body>
</html>
`;

/** The document lies beside the directory of this script, whether or not the page's own address ends in a slash. */
const SCRIPT = `const url = new URL('../openapi.json', document.currentScript.src).href;
SwaggerUIBundle({ url, dom_id: '#docs', deepLinking: true, validatorUrl: null });\n`;

/** `/api/v1/openapi.json`, and the same as a page, with or without a slash, that needs nothing from elsewhere. */
export function docsRouter(): Router {
  const router = Router({ caseSensitive: true, strict: true });
  let document: string | undefined;

  addRoute(router, '/openapi.json', {
    get: {
      needs: 'public',
      handle: (_request, response) => {
        document ??= JSON.stringify(openApiDocument());
        response.type('application/json').send(document);
      },
    },
  });
  for (const [path, files] of [
    ['/docs', 'docs/'],
    ['/docs/', ''],
  ] as const) {
    addRoute(
      router,
      path,
      answer((response) => response.type('html').set('Content-Security-Policy', POLICY).send(page(files))),
    );
  }
  addRoute(
    router,
    '/docs/docs.js',
    answer((response) => response.type('text/javascript').send(SCRIPT)),
  );
  for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
    addRoute(
      router,
      `/docs/${file}`,
      answer((response) => response.sendFile(file, { root: SWAGGER_UI, cacheControl: false })),
    );
  }
  return router;
}

function answer(send: (response: Response) => void): Methods {
  return { get: { needs: 'public', handle: (_request, response) => send(response) } };
}
