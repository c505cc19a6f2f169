import { AppError } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import type { BillingAccount } from '../accounts/lock.ts'
import { type Price, priceOf } from '../catalogue/plans.ts'
import { type Coupon, discountOf } from '../coupons/coupons.ts'
import type { BillingEffects, BillingSettings } from '../effects.ts'
import { creditInvoice } from '../invoices/credit.ts'
import { updateMandate } from '../messages.ts'
import { dayOfMonth } from '../proration/days.ts'
import { type ChangeCost, changeCost } from '../quotes/change.ts'
import { openCredit } from '../quotes/credit.ts'
import { couponOf, isSameTerms, lasting, mandateLimitPaise, planNames } from '../quotes/quote.ts'
import { taxKindOf, taxOf } from '../tax/gst.ts'
import { findLive, paidSpan, type SubscriptionRow, type Terms } from './rows.ts'
import { saveSubscription } from './save.ts'
import type { ChangePreview, TermsChange } from './schemas.ts'

interface Changer {
  orgId: string
  account: BillingAccount
  settings: BillingSettings
  at: Date
}

interface Offer {
  live: SubscriptionRow
  terms: Terms
  price: Price
  coupon: Coupon | null
  cost: ChangeCost
}

/** @throws AppError NOT_FOUND without a subscription or such a plan, CONFLICT when it isn't one that can be changed */
async function offerChange(sql: Sql, { orgId, at }: Changer, wish: Terms): Promise<Offer> {
  const live = await findLive(sql, orgId)
  if (!live) throw new AppError('NOT_FOUND', 'There is no subscription')
  const span = paidSpan(live)
  if (live.status !== 'active' || !span) {
    throw new AppError(
      'CONFLICT',
      'Only an active subscription can be changed; buy another plan by POST /v1/billing/orders',
    )
  }
  if (live.cancel_at_period_end) throw new AppError('CONFLICT', 'The subscription is cancelled; resume it first')
  const price = await priceOf(sql, { planId: wish.plan_id, period: wish.period, seats: wish.seats, at })
  const terms = { plan_id: wish.plan_id, period: wish.period, seats: Math.max(wish.seats, price.included_seats) }
  const [coupon, names] = [await couponOf(sql, live), await planNames(sql)]
  const name = ({ plan_id, seats }: Terms) => `${names.get(plan_id) ?? plan_id}, ${seats} seats`
  const cost = changeCost(
    { name: name(live), period: live.period, periodPaise: live.period_paise },
    { name: name(terms), period: terms.period, periodPaise: price.net_paise },
    span,
    coupon,
    at,
  )
  return { live, terms, price, coupon, cost }
}

/** What a change would cost now, and what from the end of the period on. Nothing is written. */
export async function previewChange(sql: Sql, changer: Changer, wish: Terms): Promise<ChangePreview> {
  const { live, terms, price, coupon, cost } = await offerChange(sql, changer, wish)
  const kind = taxKindOf(changer.account, changer.settings.seller)
  const tax = taxOf(Math.max(0, cost.netPaise), kind)
  const credit = Math.min(await openCredit(sql, changer.orgId), tax.total_paise)
  const { creditable } = await creditableOf(sql, live)
  const renewal = taxOf(price.net_paise - discountOf(lasting(coupon, terms), price.net_paise), kind).total_paise
  return {
    ...terms,
    now: {
      lines: cost.lines,
      net_paise: cost.netPaise,
      ...tax,
      credit_paise: credit,
      due_paise: tax.total_paise - credit,
      credit_note_paise: Math.min(taxOf(Math.max(0, -cost.netPaise), kind).total_paise, creditable),
      period_end: cost.span.end.toISOString(),
    },
    at_period_end: {
      takes_effect_at: live.current_period_end!,
      renewal_paise: renewal,
      mandate_possible: renewal > 0 && renewal <= mandateLimitPaise,
    },
  }
}

/**
 * Changes a subscription at the end of its period, or at once where that costs no more: what was paid too much is credited,
 * and pays a part of the next order. Changing it to what it is takes back a change that was to come. The caller holds the
 * lock of the account.
 *
 * @throws AppError CONFLICT for a change at once that costs something: it is ordered
 */
export async function changeSubscription(
  effects: BillingEffects,
  orgId: string,
  wish: TermsChange,
): Promise<SubscriptionRow> {
  const { sql, settings, account, now, enqueue, audit } = effects
  const { live, terms, price, cost } = await offerChange(sql, { orgId, account, settings, at: now }, wish)
  const details = { ...terms, when: wish.when }
  audit('subscription.changed', { targetId: live.id, details })
  if (live.collection === 'mandate') await enqueue(updateMandate, { subscription_id: live.id })
  if (isSameTerms(live, terms)) return saveSubscription(effects, live, { next_change: null })
  if (wish.when === 'period-end') {
    return saveSubscription(effects, live, { next_change: { ...terms, period_paise: price.net_paise } })
  }
  if (cost.netPaise > 0) {
    throw new AppError('CONFLICT', 'This change costs something now: order it by POST /v1/billing/orders')
  }
  const gross = taxOf(-cost.netPaise, taxKindOf(account, settings.seller)).total_paise
  await creditPeriod(effects, live, gross)
  await cancelOpenOrders(effects, live)
  const { start, end } = cost.span
  const isNewPeriod = terms.period !== live.period
  return saveSubscription(effects, live, {
    ...terms,
    period_paise: price.net_paise,
    next_change: null,
    ...(isNewPeriod && {
      current_period_start: start.toISOString(),
      current_period_end: end.toISOString(),
      billing_day: dayOfMonth(start),
    }),
  })
}

interface Creditable {
  id: string
  left_paise: number
}

/**
 * The invoices of the running period, and what is left of them; the newest first. What is being paid back, or was taken back
 * by the customer's bank, is no credit on top.
 */
async function creditableOf(sql: Sql, live: SubscriptionRow): Promise<{ creditable: number; invoices: Creditable[] }> {
  const invoices = await sql<Creditable[]>`
    select i.id, greatest(0, i.total_paise
      - coalesce((select sum(total_paise) from invoices n where n.credits_id = i.id and n.status <> 'draft'), 0)
      - coalesce((select sum(amount_paise) from refunds r
          where r.payment_id = i.payment_id and r.purpose = 'sale' and r.status in ('requested', 'pending')), 0)
      - coalesce((select sum(amount_paise) from disputes d
          where d.payment_id = i.payment_id and d.status <> 'won'), 0))::bigint as left_paise
    from invoices i join orders o on o.id = i.order_id
    where o.subscription_id = ${live.id} and o.fulfilled_at is not null and o.period_end = ${live.current_period_end}
      and i.kind = 'invoice' and i.status = 'final'
    order by i.id desc`
  return { creditable: invoices.reduce((sum, { left_paise }) => sum + left_paise, 0), invoices }
}

async function creditPeriod(effects: BillingEffects, live: SubscriptionRow, grossPaise: number): Promise<void> {
  const { invoices } = await creditableOf(effects.sql, live)
  let rest = grossPaise
  for (const { id, left_paise } of invoices) {
    const part = Math.min(rest, left_paise)
    if (part <= 0) continue
    const reason = 'Change to a plan that costs less'
    await creditInvoice(effects, { orgId: live.org_id, invoiceId: id, grossPaise: part, refundId: null, reason })
    rest -= part
  }
}

/** What was offered for the terms before isn't offered any more. */
async function cancelOpenOrders({ sql, now }: BillingEffects, live: SubscriptionRow): Promise<void> {
  await sql`
    update orders set status = 'cancelled', updated_at = ${now}
    where subscription_id = ${live.id} and collection = 'checkout' and status in ('created', 'attempted')`
}
