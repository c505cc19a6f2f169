import { readAgent, updateAgent } from '#shared/domain/agents/registry.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const current: CurrentRoute<typeof route> = ({ sql, principal }, { params }) =>
  readAgent(sql, workspaceOf(principal), params.agent, true)

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { params, body }) => {
  const workspaceId = workspaceOf(principal)
  const place = { orgId: principal.orgId, workspaceId, key: params.agent, changedBy: principal.userId }
  const agent = await updateAgent(sql, place, body)
  const { enabled, version } = agent
  audit('agent.updated', { targetId: workspaceId, details: { agent: params.agent, enabled, version } })
  return { status: 200, body: agent }
}
