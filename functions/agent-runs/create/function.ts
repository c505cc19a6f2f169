import { doLongStep, doStep, runChanged } from '#shared/domain/agents/messages.ts'
import { Run, RunRequest } from '#shared/domain/agents/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/agent-runs',
  access: 'intelligence:write',
  summary: 'Begin a run of a playbook',
  description: 'The input is that of the playbook. Watch the run at its events; it may stop for an approval.',
  body: RunRequest,
  idempotent: true,
  cost: 5,
  audit: 'agent_run.created',
  responses: { 201: Run },
  resources: { buckets: ['artifacts'], enqueues: [doStep, doLongStep], publishes: [runChanged] },
  handler: () => import('./handler.ts'),
})
