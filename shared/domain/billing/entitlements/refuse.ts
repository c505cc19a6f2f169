import { AppError } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import { type Feature, features } from './features.ts'
import { type EntitledAt, readEntitlement } from './read.ts'

/** The refusal of what a plan has no room for: it names the limit, what is used, and the way up. */
export async function planExceeded(
  sql: Sql,
  { feature, ...asked }: EntitledAt & { feature: Feature },
  used: number,
): Promise<AppError> {
  const { plan_name, limits } = await readEntitlement(sql, asked)
  const message =
    `The plan ${plan_name} has a limit of ${limits[feature] ?? used} for ${features[feature].unit}: ${used} used; ` +
    'larger plans are at GET /v1/billing/plans'
  return new AppError('BUDGET_EXCEEDED', message, [{ field: feature, message: 'the limit of the plan is reached' }])
}
