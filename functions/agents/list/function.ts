import * as v from 'valibot'
import { Agent } from '#shared/domain/agents/registry.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/agents',
  access: 'intelligence:read',
  summary: 'List the agents of the council, as the workspace has set them',
  responses: { 200: v.strictObject({ data: v.array(Agent) }) },
  handler: () => import('./handler.ts'),
})
