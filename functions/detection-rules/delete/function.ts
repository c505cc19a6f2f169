import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/detection-rules/{rule_id}',
  access: 'intelligence:write',
  summary: 'Delete a detection rule',
  params: v.strictObject({ rule_id: Id }),
  audit: 'detection_rule.deleted',
  responses: { 204: null },
  handler: () => import('./handler.ts'),
})
