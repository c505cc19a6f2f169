import * as v from 'valibot'
import { doLongStep, doStep, runChanged } from '#shared/domain/agents/messages.ts'
import { Run, RunDecision } from '#shared/domain/agents/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/agent-runs/{run_id}/decisions',
  access: 'intelligence:write',
  caller: 'person',
  summary: 'Approve or reject what a run waits for',
  description: 'The approval may want more than this route does. A rejected run ends; it can be tried again.',
  params: v.strictObject({ run_id: Id }),
  body: RunDecision,
  audit: 'agent_run.decided',
  responses: { 200: Run },
  resources: { enqueues: [doStep, doLongStep], publishes: [runChanged] },
  handler: () => import('./handler.ts'),
})
