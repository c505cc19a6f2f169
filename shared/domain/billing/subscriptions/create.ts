import type * as v from 'valibot'
import { AppError } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import { type BillingAccount, lockAccount } from '../accounts/lock.ts'
import type { BillingEffects, BillingSettings } from '../effects.ts'
import type { PaymentGateway, SubscriptionSnapshot } from '../gateway.ts'
import { isSameOffer, type Quote, quote } from '../quotes/quote.ts'
import { beginByMandate, chargesOf, type FirstCharge, firstCharge } from './begin-by-mandate.ts'
import { gatewayPlanOf } from './gateway-plans.ts'
import { findLive, type SubscriptionRow } from './rows.ts'
import type { SubscriptionDraft } from './schemas.ts'

type Draft = v.InferOutput<typeof SubscriptionDraft>

/** A mandate that the gateway has made for an offer. */
export interface AskedMandate {
  quote: Quote
  mandate: SubscriptionSnapshot
}

interface Buyer {
  orgId: string
  settings: BillingSettings
  at: Date
}

async function offerMandate(
  sql: Sql,
  buyer: Buyer & { account: BillingAccount },
  draft: Draft,
): Promise<{ offer: Quote; first: FirstCharge }> {
  if (buyer.account.closed_at !== null) throw new AppError('CONFLICT', 'The organization is being deleted')
  const { plan_id: planId, period, seats, coupon_code } = draft
  const offer = await quote(sql, { ...buyer, planId, period, seats, couponCode: coupon_code ?? null })
  return { offer, first: firstCharge(offer, await findLive(sql, buyer.orgId), buyer.at) }
}

/**
 * Has the gateway make a mandate for an offer; nothing is charged until the customer authorizes it.
 *
 * @throws AppError as `quote` and `firstCharge` do; PlatformError UNAVAILABLE
 */
export async function askMandate(
  services: { payments: PaymentGateway; commit: Parameters<typeof gatewayPlanOf>[1]; signal: AbortSignal },
  buyer: Buyer,
  draft: Draft,
): Promise<AskedMandate> {
  const { payments, commit, signal } = services
  const { offer, first } = await commit(async (sql) =>
    offerMandate(sql, { ...buyer, account: await lockAccount(sql, buyer.orgId) }, draft),
  )
  const { plan_id, period, renewal_paise, lines } = offer
  const plan = { planId: plan_id, period, amountPaise: renewal_paise }
  const planId = await gatewayPlanOf(payments, commit, plan, signal)
  const upfront =
    first.upfrontPaise === null
      ? null
      : { name: lines[0]?.description ?? 'First period', amountPaise: first.upfrontPaise }
  const mandate = await payments.createSubscription(
    {
      ...{ planId, totalCount: chargesOf[period], startAt: first.startAt, upfront },
      notes: { organization_id: buyer.orgId },
    },
    signal,
  )
  return { quote: offer, mandate }
}

/**
 * Keeps a mandate with the subscription that it is for, if what was offered still holds. The caller holds the lock of the
 * account.
 *
 * @throws AppError CONFLICT when it costs something else by now
 */
export async function keepMandate(
  effects: BillingEffects,
  of: { orgId: string; asked: AskedMandate; createdBy: string | null },
  draft: Draft,
): Promise<SubscriptionRow> {
  const { orgId, asked, createdBy } = of
  const { settings, account, now: at } = effects
  const { offer, first } = await offerMandate(effects.sql, { orgId, account, settings, at }, draft)
  if (!isSameOffer(offer, asked.quote) || offer.period_end !== asked.quote.period_end) {
    throw new AppError('CONFLICT', 'What this costs has changed meanwhile; ask for it again')
  }
  return beginByMandate(effects, { orgId, quote: offer, first, mandate: asked.mandate, createdBy })
}
