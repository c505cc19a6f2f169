import { defineRoute, text } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/audit-logs/export',
  access: 'audit:read',
  summary: 'Export the whole audit log with its hashes, to be verified by anybody',
  description:
    'One JSON object a line (RFC 8785), oldest first; the last line is the head. A file without it is not whole. ' +
    'Verify it with `npm run adapt -- audit verify --file`.',
  responses: { 200: text('JSON lines', 'application/x-ndjson') },
  cost: 20,
  resources: { timeoutSeconds: 620 },
  handler: () => import('./handler.ts'),
})
