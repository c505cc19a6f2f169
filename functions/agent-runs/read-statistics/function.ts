import * as v from 'valibot'
import { RunStatistics } from '#shared/domain/agents/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

const moment = v.pipe(v.string(), v.isoTimestamp())

export default defineRoute({
  method: 'GET',
  path: '/v1/agent-runs/statistics',
  access: 'intelligence:read',
  summary: 'How the runs and agents of the workspace did',
  query: v.strictObject({
    from: v.optional(v.pipe(moment, v.description('30 days before its end when absent'))),
    to: v.optional(v.pipe(moment, v.description('Now when absent'))),
  }),
  cost: 5,
  responses: { 200: RunStatistics },
  handler: () => import('./handler.ts'),
})
