import * as v from 'valibot'
import { RunDetail } from '#shared/domain/agents/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/agent-runs/{run_id}',
  access: 'intelligence:read',
  summary: 'Read a run with its steps, tool calls, tokens, cost and times',
  params: v.strictObject({ run_id: Id }),
  responses: { 200: RunDetail },
  resources: { buckets: ['artifacts'] },
  handler: () => import('./handler.ts'),
})
