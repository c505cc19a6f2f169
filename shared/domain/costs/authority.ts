import type { SpendAuthority } from '../models/types.ts'
import type { Sql } from '../sql.ts'

export interface SpendAuthorityOptions {
  /** A short transaction of its own in the scope of the calls' organization, e.g. `context.commit`. */
  commit<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  now(): Date
  /** What a workspace without a setting of its own may spend in a month. */
  defaultBudgetMicrodollars: number
}

/** Lets model calls be made only while the budgets of their workspace, run and agent can pay for the worst case. */
export function createSpendAuthority(_options: SpendAuthorityOptions): SpendAuthority {
  throw new Error('in the making')
}
