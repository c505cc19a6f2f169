import { listAgentVersions } from '#shared/domain/agents/registry.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal }, { params }) => ({
  status: 200,
  body: { data: await listAgentVersions(sql, workspaceOf(principal), params.agent) },
})
