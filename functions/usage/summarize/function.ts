import * as v from 'valibot'
import { groupings, UsageSummary, windowQuery } from '#shared/domain/usage/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/usage',
  access: 'usage:read',
  summary: 'Sum up the requests of the organization, their errors and how long they took',
  description: 'At most 92 days at once. A request is counted a few seconds after it was answered.',
  cost: 5,
  query: v.strictObject({ ...windowQuery, group_by: v.optional(v.picklist(groupings), 'route') }),
  responses: { 200: UsageSummary },
  handler: () => import('./handler.ts'),
})
