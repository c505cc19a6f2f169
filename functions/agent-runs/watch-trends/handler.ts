import { council } from '#shared/domain/agents/council.ts'
import { listWorkspacesToWatch, watchTrends } from '#shared/domain/agents/watch-trends.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'

/** Workspaces of one look, and runs that it begins; the next day takes what is left first. */
const mostLookedAt = 5000
const mostBegun = 1000

export const run: RunCron = async (context) => {
  const { sql, now, config, log } = context
  const graph = (await council()).playbooks.get('trend-watch')
  if (!graph) throw new Error('there is no playbook trend-watch')
  let begun = 0
  for (const workspace of await listWorkspacesToWatch(sql, { now, limit: mostLookedAt })) {
    if (begun === mostBegun) break
    await context.enter(workspace.org_id)
    const left = await watchTrends(context, graph, workspace, {
      now,
      maximumActive: config.MAXIMUM_ACTIVE_RUNS,
      defaultPlanId: config.DEFAULT_PLAN,
    })
    if (left === null) begun++
    else log.info('trends are not watched', { why: left, workspaceId: workspace.workspace_id })
  }
  log.info('trends are watched', { begun })
}
