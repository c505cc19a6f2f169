import * as v from 'valibot'
import { runChanged } from '#shared/domain/agents/messages.ts'
import { Run } from '#shared/domain/agents/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/agent-runs/{run_id}/cancel',
  access: 'intelligence:write',
  summary: 'Cancel a run',
  description: 'What is under way stops at its next call of a model or tool, and has no effect.',
  params: v.strictObject({ run_id: Id }),
  audit: 'agent_run.cancelled',
  responses: { 200: Run },
  resources: { publishes: [runChanged] },
  handler: () => import('./handler.ts'),
})
