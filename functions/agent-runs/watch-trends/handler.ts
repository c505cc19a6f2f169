import { council } from '#shared/domain/agents/council.ts'
import { listWorkspacesToWatch, watchTrends } from '#shared/domain/agents/watch-trends.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'

/** Runs that one look begins; the next one takes what is left. */
const mostBegun = 200
const pageSize = 200

export const run: RunCron = async (context) => {
  const { sql, now, config, log } = context
  const graph = (await council()).playbooks.get('trend-watch')
  if (!graph) throw new Error('there is no playbook trend-watch')
  let begun = 0
  let after: string | null = null
  while (begun < mostBegun) {
    const page = await listWorkspacesToWatch(sql, { now, after, limit: pageSize })
    for (const workspace of page.slice(0, mostBegun - begun)) {
      await context.enter(workspace.org_id)
      const left = await watchTrends(context, graph, workspace, { now, maximumActive: config.MAXIMUM_ACTIVE_RUNS })
      if (left === null) begun++
      else log.info('trends are not watched', { why: left, workspaceId: workspace.workspace_id })
      after = workspace.workspace_id
    }
    if (page.length < pageSize) break
  }
  log.info('trends are watched', { begun })
}
