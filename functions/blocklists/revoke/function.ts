import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/blocklists/{blocklist_id}',
  access: 'organization:manage',
  summary: 'Make the URL of a blocklist useless',
  params: v.strictObject({ blocklist_id: Id }),
  audit: 'blocklist.revoked',
  responses: { 204: null },
  handler: () => import('./handler.ts'),
})
