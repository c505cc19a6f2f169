import type { Catalogue } from '#shared/domain/agents/catalogue.ts'
import { council } from '#shared/domain/agents/council.ts'
import { retryRun } from '#shared/domain/agents/runs.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const prepare: PrepareRoute<typeof route, Catalogue> = () => council()

export const run: RunRoute<typeof route, Catalogue> = async (context, { params }, { playbooks }) => {
  const { principal, config, now, audit } = context
  const retried = await retryRun(context, (id) => playbooks.get(id), params.run_id, {
    userId: principal.userId,
    maximumActive: config.MAXIMUM_ACTIVE_RUNS,
    at: now,
    defaultPlanId: config.DEFAULT_PLAN,
  })
  audit('agent_run.retried', { targetId: retried.id, details: { playbook: retried.playbook } })
  return { status: 202, body: retried }
}
