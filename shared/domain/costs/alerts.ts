import { notify } from '../notifications/notifications.ts'
import type { Sql } from '../sql.ts'
import { formatDollars } from './money.ts'

export const alertKind = 'budget.threshold_reached'

/** Of which share of the month's budget the managers are told, in percent. */
const thresholds = [100, 80, 50] as const

/** The budget of a workspace in a month, its row locked. */
export interface Alertable {
  workspace_id: string
  key: string
  limit: number
  spent: number
  reserved: number
  alerted_percent: number
}

/** The highest share that is reached; nobody needs to be told of a budget of nothing. */
export function shareReached({ limit, spent }: Pick<Alertable, 'limit' | 'spent'>): number {
  if (limit === 0) return 100
  return thresholds.find((share) => spent * 100 >= limit * share) ?? 0
}

/**
 * Of which share the managers are to be told now, if of any. With less than a fifth left a call that is refused counts as
 * the end of the budget: the last cents of one are never spent.
 */
export function alertOf(month: Alertable, { refused = false } = {}): number | null {
  const reached = shareReached(month)
  const share = refused && reached >= 80 ? 100 : reached
  return share > month.alerted_percent && month.limit > 0 ? share : null
}

/** Tells the workspace's organization's owners and admins, once for each share of a budget; a higher one stands for the lower. */
export async function raiseAlert(sql: Sql, month: Alertable, share: number | null): Promise<void> {
  if (share === null) return
  const [workspace] = await sql<{ org_id: string; name: string }[]>`
    update cost_scopes s set alerted_percent = ${share}
    from workspaces w
    where s.workspace_id = ${month.workspace_id} and s.kind = 'workspace-month' and s.key = ${month.key}
      and s.alerted_percent < ${share} and w.id = s.workspace_id and w.deleting_at is null
    returning s.org_id, w.name`
  if (!workspace) return
  const managers = await sql<{ user_id: string }[]>`
    select user_id from memberships
    where org_id = ${workspace.org_id} and role in ('owner', 'admin') and disabled_at is null`
  const { title, body } = describe(month, share, workspace.name)
  for (const { user_id: userId } of managers) {
    const note = { orgId: workspace.org_id, userId, kind: alertKind, title, body, subjectId: month.workspace_id }
    await notify(sql, note)
  }
}

function describe({ key, limit, spent }: Alertable, share: number, name: string): { title: string; body: string } {
  const figures = `${formatDollars(spent)} of ${formatDollars(limit)} is spent in ${key} (UTC)`
  if (share < 100) return { title: `${share} % of the model budget is spent: ${name}`, body: `${figures}.` }
  return {
    title: `The model budget is used up: ${name}`,
    body: `${figures}. Calls that need more than what is left are refused until the next month, or until the budget is raised.`,
  }
}
