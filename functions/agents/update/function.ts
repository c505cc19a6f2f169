import * as v from 'valibot'
import { Agent, AgentChange, AgentKey } from '#shared/domain/agents/registry.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PATCH',
  path: '/v1/agents/{agent}',
  access: 'agents:manage',
  summary: 'Switch an agent on or off, instruct it, or change its settings',
  description: 'For this workspace alone. Steps of an agent that is off fail and say so. Every version is kept.',
  params: v.strictObject({ agent: AgentKey }),
  body: AgentChange,
  ifMatch: true,
  audit: 'agent.updated',
  responses: { 200: Agent },
  handler: () => import('./handler.ts'),
})
