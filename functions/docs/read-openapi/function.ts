import { defineRoute, text } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/openapi.json',
  access: 'public',
  summary: 'This API as an OpenAPI 3.1 document',
  responses: { 200: text('The document', 'application/json'), 304: null },
  handler: () => import('./handler.ts'),
})
