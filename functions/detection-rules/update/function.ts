import * as v from 'valibot'
import { Rule, RuleChange } from '#shared/domain/detection/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PATCH',
  path: '/v1/detection-rules/{rule_id}',
  access: 'intelligence:write',
  summary: 'Put a detection rule into use, or retire it',
  params: v.strictObject({ rule_id: Id }),
  body: RuleChange,
  ifMatch: true,
  audit: 'detection_rule.updated',
  responses: { 200: Rule },
  handler: () => import('./handler.ts'),
})
