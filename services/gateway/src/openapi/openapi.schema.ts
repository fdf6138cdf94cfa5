import * as z from 'zod';
import { route } from '../http/route.ts';

const document = z.looseObject({ openapi: z.literal('3.1.1'), paths: z.record(z.string(), z.looseObject({})) });

export const serveDocument = route({
  method: 'GET',
  path: '/openapi.json',
  scope: undefined,
  tag: 'About the API',
  summary: 'This document',
  replies: { 200: { description: 'OpenAPI 3.1.', schema: document } },
});

export const serveDocs = route({
  method: 'GET',
  path: '/docs',
  atRoot: true,
  scope: undefined,
  tag: 'About the API',
  summary: 'This document as a page to read',
  replies: { 200: { description: 'HTML that needs nothing from elsewhere.', contentType: 'text/html' } },
});
