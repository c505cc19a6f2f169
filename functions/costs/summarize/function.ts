import * as v from 'valibot'
import { groupings, SpendSummary } from '#shared/domain/costs/schemas.ts'
import { windowQuery } from '#shared/domain/usage/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/costs',
  access: 'usage:read',
  summary: 'Sum up what the workspace’s model calls cost',
  description: 'At most 92 days at once. A call counts from when it has ended, to the day on which it began.',
  cost: 5,
  query: v.strictObject({ ...windowQuery, group_by: v.optional(v.picklist(groupings), 'day') }),
  responses: { 200: SpendSummary },
  handler: () => import('./handler.ts'),
})
