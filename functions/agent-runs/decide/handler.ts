import type { Catalogue } from '#shared/domain/agents/catalogue.ts'
import { council } from '#shared/domain/agents/council.ts'
import { decideRun } from '#shared/domain/agents/runs.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const prepare: PrepareRoute<typeof route, Catalogue> = () => council()

export const run: RunRoute<typeof route, Catalogue> = async (context, { params, body }, { playbooks }) => {
  const { principal, audit } = context
  const decision = { node: body.node, approved: body.decision === 'approve', comment: body.comment ?? null }
  const decided = await decideRun(
    context,
    (id) => playbooks.get(id),
    (permission) => principal.permissions.has(permission),
    { ...decision, runId: params.run_id, userId: principal.userId },
  )
  audit('agent_run.decided', { targetId: decided.id, details: decision })
  return { status: 200, body: decided }
}
