import { listAgents } from '#shared/domain/agents/registry.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal }) => ({
  status: 200,
  body: { data: await listAgents(sql, principal.workspaceId) },
})
