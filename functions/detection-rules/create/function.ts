import { Rule, RuleDraft } from '#shared/domain/detection/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/detection-rules',
  access: 'intelligence:write',
  summary: 'Keep a Sigma, YARA or Suricata rule that is valid',
  description:
    'The same content is one rule in a workspace: written again, it is answered with 200 and rests on more evidence.',
  body: RuleDraft,
  idempotent: true,
  audit: 'detection_rule.created',
  responses: { 200: Rule, 201: Rule },
  handler: () => import('./handler.ts'),
})
