import * as v from 'valibot'
import { PlainText } from '#shared/domain/plain-text.ts'
import { defineRoute, text } from '#shared/runtime/declarations.ts'

const Name = v.pipe(PlainText, v.minLength(1), v.maxLength(200))

export default defineRoute({
  method: 'POST',
  path: '/v1/mcp',
  access: 'intelligence:read',
  summary: 'Let a client of the Model Context Protocol read the intelligence of the workspace',
  description:
    'Streamable HTTP without sessions: one JSON-RPC message in, one JSON answer out. `tools/list` says what there is; ' +
    'all of it only reads, and each `tools/call` is in the audit log as `mcp.tool_called`. An `Origin` other than those ' +
    'of `CORS_ORIGINS` is refused.',
  body: v.strictObject({
    jsonrpc: v.literal('2.0'),
    id: v.pipe(
      v.optional(v.union([Name, v.pipe(v.number(), v.safeInteger())])),
      v.description('Absent from a notification'),
    ),
    method: Name,
    params: v.optional(v.record(v.string(), v.unknown())),
  }),
  responses: {
    200: text('The result or error as JSON-RPC', 'application/json'),
    202: null,
    400: text('What is wrong with the message, as a JSON-RPC error', 'application/json'),
    404: text('No such method, as a JSON-RPC error', 'application/json'),
  },
  maximumBodyBytes: 100_000,
  handler: () => import('./handler.ts'),
})
