import * as v from 'valibot'
import { doLongStep, doStep, runChanged } from '#shared/domain/agents/messages.ts'
import { Run } from '#shared/domain/agents/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/agent-runs/{run_id}/retry',
  access: 'intelligence:write',
  summary: 'Go on with a run that failed or was cancelled',
  description: 'Steps that were done are kept; an approval that was refused is asked for again.',
  params: v.strictObject({ run_id: Id }),
  cost: 5,
  audit: 'agent_run.retried',
  responses: { 202: Run },
  resources: { enqueues: [doStep, doLongStep], publishes: [runChanged] },
  handler: () => import('./handler.ts'),
})
