import { AppError } from '../errors.ts'
import type { Sql } from '../sql.ts'
import { maximumMicrodollars } from './money.ts'
import { agentKey } from './reserve.ts'

/** What a run may spend in all, and on each of its agents, in microdollars. */
export interface RunBudget {
  orgId: string
  workspaceId: string
  runId: string
  limitMicrodollars: number
  /** By the agent's key; one that is not named here is held by the run's budget alone. */
  agents: Readonly<Record<string, number>>
}

/**
 * Opens the budget of a run, before its first call; opens it again, with these limits and what was spent so far, when the
 * run is tried again. A run without one is held by its workspace's budget alone.
 * @throws AppError VALIDATION_ERROR for a limit that is no amount of money
 */
export async function openRunBudget(sql: Sql, budget: RunBudget): Promise<void> {
  const { orgId, workspaceId, runId, limitMicrodollars } = budget
  const agents = Object.entries(budget.agents).map(([agent, limit]) => ({
    kind: 'agent-in-run',
    key: agentKey(runId, agent),
    limit,
  }))
  const scopes = [{ kind: 'run', key: runId, limit: limitMicrodollars }, ...agents]
  for (const { key, limit } of scopes) {
    if (Number.isSafeInteger(limit) && limit >= 0 && limit <= maximumMicrodollars) continue
    throw new AppError('VALIDATION_ERROR', `${limit} is no budget`, [{ field: key, message: 'must be microdollars' }])
  }
  await sql`
    insert into cost_scopes (org_id, workspace_id, kind, key, limit_microdollars)
    select ${orgId}::uuid, ${workspaceId}::uuid, kind, key, "limit"
    from jsonb_to_recordset(${sql.json(scopes)}) as s (kind text, key text, "limit" bigint)
    order by kind desc, key
    on conflict (workspace_id, kind, key) do update
    set limit_microdollars = excluded.limit_microdollars, closed_at = null, updated_at = now()`
}

/** Closes the budget of a run that has ended: calls that are not made yet are refused (CONFLICT). */
export async function closeRunBudget(sql: Sql, run: { workspaceId: string; runId: string }): Promise<void> {
  await sql`
    update cost_scopes set closed_at = now(), updated_at = now()
    where workspace_id = ${run.workspaceId} and kind = 'run' and key = ${run.runId} and closed_at is null`
}

/** What was spent of a budget, and what is set aside for calls under way. */
export interface Balance {
  limit_microdollars: number
  spent_microdollars: number
  reserved_microdollars: number
}

/** The budget of a run; null when it has none. */
export async function readRunBudget(
  sql: Sql,
  run: { workspaceId: string; runId: string },
): Promise<(Balance & { agents: Record<string, Balance> }) | null> {
  const rows = await sql<(Balance & { key: string })[]>`
    select key, limit_microdollars, spent_microdollars, reserved_microdollars from cost_scopes
    where workspace_id = ${run.workspaceId} and (
      kind = 'run' and key = ${run.runId} or kind = 'agent-in-run' and starts_with(key, ${`${run.runId}/`}))
    order by kind desc, key`
  const [whole, ...agents] = rows.map(({ key, ...balance }) => [key.slice(run.runId.length + 1), balance] as const)
  return whole ? { ...whole[1], agents: Object.fromEntries(agents) } : null
}
