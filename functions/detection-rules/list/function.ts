import * as v from 'valibot'
import { RuleSummary, ruleKinds, ruleStatuses, TechniqueId } from '#shared/domain/detection/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/detection-rules',
  access: 'intelligence:read',
  summary: 'List the detection rules of the workspace',
  query: v.strictObject({
    ...pageQuery,
    kind: v.optional(v.picklist(ruleKinds)),
    status: v.optional(v.picklist(ruleStatuses)),
    technique: v.optional(TechniqueId),
  }),
  responses: { 200: pageOf(RuleSummary) },
  handler: () => import('./handler.ts'),
})
