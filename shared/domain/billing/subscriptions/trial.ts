import { AppError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import { priceOf } from '../catalogue/plans.ts'
import type { BillingEffects } from '../effects.ts'
import { refuseUnderContract } from '../entitlements/contract.ts'
import { releaseMandate } from './end.ts'
import { findLive, type SubscriptionRow } from './rows.ts'
import { insertSubscription, saveSubscription } from './save.ts'
import { addDays } from './state.ts'

/**
 * Lets an organization try a plan, once. The caller holds the lock of the account.
 *
 * @throws AppError NOT_FOUND for a plan that isn't sold, CONFLICT when it can't be tried, or was, or something is bought
 *   or a contract holds
 */
export async function startTrial(
  effects: BillingEffects,
  of: { orgId: string; planId: string; createdBy: string | null },
): Promise<SubscriptionRow> {
  const { sql, now, account } = effects
  const { orgId, planId, createdBy } = of
  const price = await priceOf(sql, { planId, period: 'month', seats: 1, at: now })
  const [plan] = await sql<{ trial_days: number }[]>`select trial_days from plans where id = ${planId}`
  if (!plan || plan.trial_days === 0) throw new AppError('CONFLICT', 'There is no trial of this plan')
  if (account.closed_at !== null) throw new AppError('CONFLICT', 'The organization is being deleted')
  if (account.trial_used_at !== null) throw new AppError('CONFLICT', 'The organization has had its trial')
  const live = await findLive(sql, orgId)
  if (live && live.status !== 'incomplete') throw new AppError('CONFLICT', 'There is a subscription already')
  await refuseUnderContract(sql, { orgId, at: now })
  await sql`update billing_accounts set trial_used_at = ${now}, updated_at = ${now} where org_id = ${orgId}`
  const terms = {
    plan_id: planId,
    period: 'month',
    seats: price.included_seats,
    period_paise: price.net_paise,
  } as const
  const row =
    live ??
    (await insertSubscription(effects, {
      ...{ id: newId(), org_id: orgId, collection: 'none', coupon_code: null, created_by: createdBy },
      ...terms,
    }))
  return saveSubscription(effects, row, {
    ...(await releaseMandate(effects, row)),
    ...terms,
    collection: 'none',
    coupon_code: null,
    trial_ends_at: addDays(now, plan.trial_days).toISOString(),
    started_at: now.toISOString(),
  })
}
