import { defineRoute, text } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/docs',
  access: 'public',
  summary: 'The API reference, to read and to try',
  responses: { 200: text('The page', 'text/html'), 304: null },
  handler: () => import('./handler.ts'),
})
