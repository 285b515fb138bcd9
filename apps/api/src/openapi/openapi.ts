import { z } from 'zod';
import { describe, json } from '../http/openapi/describe.ts';

const tag = 'Documentation';
const needs = 'public';
const text = z.string();

/** The operations of router.ts. */
export const docsOperations = [
  describe('get', '/api/v1/openapi.json', {
    ...{ name: 'getOpenApi', tag, needs, summary: 'This document' },
    replies: { 200: json('OpenAPI 3.1.', z.looseObject({ openapi: z.literal('3.1.0') })) },
  }),
  ...['', '/'].map((slash) =>
    describe('get', `/api/v1/docs${slash}`, {
      ...{ name: `getDocs${slash && 'WithSlash'}`, tag, needs, summary: 'The same as a page' },
      replies: { 200: { description: 'The page.', type: 'text/html', schema: text } },
    }),
  ),
  ...['docs.js', 'swagger-ui-bundle.js'].map((file) =>
    describe('get', `/api/v1/docs/${file}`, {
      ...{ name: `get_${file.replaceAll(/\W/g, '_')}`, tag, needs, summary: 'A script of the page' },
      replies: { 200: { description: 'The script.', type: 'text/javascript', schema: text } },
    }),
  ),
  describe('get', '/api/v1/docs/swagger-ui.css', {
    ...{ name: 'get_swagger_ui_css', tag, needs, summary: 'The styles of the page' },
    replies: { 200: { description: 'The styles.', type: 'text/css', schema: text } },
  }),
];
