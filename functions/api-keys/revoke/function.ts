import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/api-keys/{api_key_id}',
  access: 'keys:manage',
  caller: 'person',
  summary: 'End an API key for good; it is refused everywhere within five seconds',
  params: v.strictObject({ api_key_id: Id }),
  responses: { 204: null },
  audit: 'api_key.revoked',
  handler: () => import('./handler.ts'),
})
