import * as v from 'valibot'
import { Agent, AgentKey } from '#shared/domain/agents/registry.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/agents/{agent}',
  access: 'intelligence:read',
  summary: 'Read an agent of the council',
  params: v.strictObject({ agent: AgentKey }),
  responses: { 200: Agent },
  handler: () => import('./handler.ts'),
})
