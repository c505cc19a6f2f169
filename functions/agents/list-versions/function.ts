import * as v from 'valibot'
import { AgentKey, AgentVersion } from '#shared/domain/agents/registry.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/agents/{agent}/versions',
  access: 'agents:manage',
  summary: 'List the last 100 versions of an agent, newest first',
  params: v.strictObject({ agent: AgentKey }),
  responses: { 200: v.strictObject({ data: v.array(AgentVersion) }) },
  handler: () => import('./handler.ts'),
})
