import { AppError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Sql } from '../sql.ts'
import type { Graph } from './graph.ts'
import { createRun, type RunContext } from './runs.ts'

/** Older news are no trend any more. */
const newsDays = 7
/** A workspace is not watched again before, whatever came in meanwhile. */
const pauseHours = 12

export interface WatchedWorkspace {
  org_id: string
  workspace_id: string
}

/**
 * Workspaces of every organization in which documents were processed since their trends were last looked at; those that
 * wait longest come first.
 */
export function listWorkspacesToWatch(
  sql: Sql,
  { now, limit }: { now: Date; limit: number },
): Promise<WatchedWorkspace[]> {
  return sql<WatchedWorkspace[]>`
    select w.org_id, w.id as workspace_id
    from (
      select workspace_id, max(finished_at) as finished_at from jobs
      where kind = 'document.process' and status = 'succeeded'
        and finished_at > ${now}::timestamptz - make_interval(days => ${newsDays})
      group by workspace_id
    ) news join workspaces w on w.id = news.workspace_id join organizations o on o.id = w.org_id
      left join lateral (
        select max(r.created_at) as at from agent_runs r where r.workspace_id = w.id and r.playbook = 'trend-watch'
      ) watched on true
    where w.deleting_at is null and o.deleting_at is null
      and (watched.at is null or watched.at <= least(news.finished_at, ${now}::timestamptz - make_interval(hours => ${pauseHours})))
    order by watched.at nulls first, w.id limit ${limit}`
}

/** Why a workspace was left out. */
export type Unwatched = 'switched off' | 'nothing new' | 'too many runs' | 'no runs left in the plan'

/**
 * Begins to watch a workspace's trends, inside its organization, on nobody's behalf.
 * @returns null when a run was begun
 */
export async function watchTrends(
  context: RunContext,
  graph: Graph,
  { org_id, workspace_id }: WatchedWorkspace,
  { now, maximumActive, defaultPlanId }: { now: Date; maximumActive: number; defaultPlanId: string },
): Promise<Unwatched | null> {
  const [found] = await context.sql<{ is_off: boolean; is_new: boolean }[]>`
    select
      exists (select from agents where workspace_id = ${workspace_id} and key = 'seer' and not enabled) as is_off,
      exists (
        select from documents where workspace_id = ${workspace_id} and status = 'ready'
          and updated_at > ${now}::timestamptz - make_interval(days => ${newsDays})
      ) as is_new`
  if (found?.is_off !== false) return 'switched off'
  if (!found.is_new) return 'nothing new'
  try {
    await createRun(context, graph, {
      id: newId(),
      orgId: org_id,
      workspaceId: workspace_id,
      input: { value: {}, key: null },
      budgetMicrodollars: null,
      createdBy: null,
      maximumActive,
      at: now,
      defaultPlanId,
    })
  } catch (error) {
    // Nothing was written yet; a later look finds it again.
    if (error instanceof AppError && error.code === 'RATE_LIMITED') return 'too many runs'
    if (error instanceof AppError && error.code === 'BUDGET_EXCEEDED') return 'no runs left in the plan'
    throw error
  }
  return null
}
