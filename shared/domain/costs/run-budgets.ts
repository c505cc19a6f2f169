import type { Sql } from '../sql.ts'

/** What a run may spend in all, and on each of its agents. */
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
 */
export async function openRunBudget(_sql: Sql, _budget: RunBudget): Promise<void> {
  throw new Error('in the making')
}

/** Closes the budget of a run that has ended: calls that are not made yet are refused (CONFLICT). */
export async function closeRunBudget(_sql: Sql, _runId: string): Promise<void> {
  throw new Error('in the making')
}
