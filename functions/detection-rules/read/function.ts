import * as v from 'valibot'
import { Rule } from '#shared/domain/detection/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/detection-rules/{rule_id}',
  access: 'intelligence:read',
  summary: 'Read a detection rule, with the evidence that it rests on',
  params: v.strictObject({ rule_id: Id }),
  responses: { 200: Rule },
  handler: () => import('./handler.ts'),
})
