import * as v from 'valibot'
import { RuleRequest, RuleSummary } from '#shared/domain/detection/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/documents/{document_id}/detection-rules',
  access: 'intelligence:write',
  summary: 'Write detection rules from what a document says, as drafts',
  description:
    'One Sigma rule for each log source, one Suricata file, one YARA file. What is suppressed, expired, not sure enough or ' +
    'above the TLP stays out. Written again, rules that say the same are the ones that are there.',
  params: v.strictObject({ document_id: Id }),
  body: RuleRequest,
  idempotent: true,
  audit: 'detection_rule.written',
  responses: { 201: v.strictObject({ data: v.array(RuleSummary) }) },
  handler: () => import('./handler.ts'),
})
