import type { BillingEffects } from '../effects.ts'
import { findContract } from '../entitlements/contract.ts'
import { grantEntitlement, withdrawEntitlement } from '../entitlements/grant.ts'
import { endMandate, sendBillingMail } from '../messages.ts'
import { type SubscriptionRow, subscriptionColumns } from './rows.ts'
import { dueAt, entitledUntil, isAuthorized, isEnd, stateOf } from './state.ts'

/** What of a row others set; the rest follows from it or never changes. Of the status: that it has ended. */
type Changeable = Omit<SubscriptionRow, 'id' | 'org_id' | 'created_at' | 'grace_until'>

/**
 * Writes what is now known of a subscription, with the state that follows from it, what it entitles to, and what its
 * customer is told. The caller holds the lock of the account.
 *
 * @param changes to the row; none: time alone has passed
 */
export async function saveSubscription(
  effects: BillingEffects,
  before: SubscriptionRow,
  changes: Partial<Changeable> = {},
): Promise<SubscriptionRow> {
  const { now, settings } = effects
  const facts = { ...before, ...changes }
  if (await wasGivenUpInVain(effects, before, facts)) facts.ended_at = null
  const state = stateOf(facts, now, settings.graceDays)
  const owed = state.status === 'past_due' || state.status === 'halted'
  // The first reminder goes out with the debt; with it the count of reminders begins, and ends.
  const stage = owed ? Math.max(1, facts.dunning_stage) : 0
  const row: SubscriptionRow = { ...facts, ...state, dunning_stage: stage }
  await write(effects, row)
  await entitle(effects, row, entitledUntil(row, now, settings.graceDays))
  await tell(effects, before, row)
  const mandate = row.gateway_subscription_id
  if (before.ended_at === null && row.ended_at !== null && mandate !== null && !isEnd(row.gateway_status)) {
    await effects.enqueue(endMandate, { gateway_subscription_id: mandate })
  }
  return row
}

/** It had expired for want of a payment that had been made, and is known of only now. Of two only one can go on. */
async function wasGivenUpInVain({ sql }: BillingEffects, before: SubscriptionRow, facts: SubscriptionRow) {
  if (before.ended_at === null || before.status !== 'expired') return false
  if (facts.current_period_end === before.current_period_end) return false
  const [other] = await sql`select 1 from subscriptions where org_id = ${before.org_id} and ended_at is null`
  return other === undefined
}

async function write({ sql, now }: BillingEffects, row: SubscriptionRow): Promise<void> {
  const { id, org_id, created_at: _, next_change, replaced_gateway_ids, ...plain } = row
  const written = await sql`
    update subscriptions set ${sql({
      ...plain,
      next_change: next_change && sql.json({ ...next_change }),
      replaced_gateway_ids: sql.json([...replaced_gateway_ids]),
      updated_at: now,
    })}
    where id = ${id} and org_id = ${org_id}`
  if (written.count !== 1) throw new Error('a subscription is in another scope')
}

/**
 * Lets the organization of a subscription use its plan until a moment; null: not any more. What a contract gives is the
 * operators' alone; so is what it has by a newer subscription than this one.
 */
export async function entitle({ sql, now }: BillingEffects, row: SubscriptionRow, until: Date | null): Promise<void> {
  if (row.status === 'incomplete') return
  const [other] = await sql`
    select 1 from subscriptions
    where org_id = ${row.org_id} and id <> ${row.id} and ended_at is null and status <> 'incomplete'`
  if (other) return
  const [organization] = await sql`select 1 from organizations where id = ${row.org_id} and deleting_at is null`
  if (!organization) return
  if (await findContract(sql, { orgId: row.org_id, at: now })) return
  if (until) await grantEntitlement(sql, { orgId: row.org_id, planId: row.plan_id, seats: row.seats, until })
  else await withdrawEntitlement(sql, row.org_id)
}

async function tell({ enqueue, audit }: BillingEffects, before: SubscriptionRow, row: SubscriptionRow): Promise<void> {
  if (before.status === row.status) return
  const details = { from: before.status, to: row.status, plan_id: row.plan_id }
  audit('subscription.status_changed', { targetId: row.id, details })
  const occasion = dueAt(row)?.toISOString() ?? row.created_at
  const mail = (template: 'charge-failed' | 'renewal-due' | 'grace-over' | 'subscription-ended') =>
    enqueue(sendBillingMail, { template, subscription_id: row.id, occasion: `${occasion}/${row.dunning_stage}` })
  if (row.status === 'past_due')
    await mail(row.collection === 'mandate' && isAuthorized(row) ? 'charge-failed' : 'renewal-due')
  else if (row.status === 'halted') await mail('grace-over')
  else if (row.ended_at !== null && before.status !== 'incomplete') await mail('subscription-ended')
}

/** A new subscription that nothing was paid for yet. */
export async function insertSubscription(
  { sql, now }: BillingEffects,
  draft: Pick<
    SubscriptionRow,
    'id' | 'org_id' | 'plan_id' | 'period' | 'seats' | 'collection' | 'period_paise' | 'coupon_code'
  > &
    Partial<Pick<SubscriptionRow, 'gateway_subscription_id' | 'trial_ends_at'>> & { created_by: string | null },
): Promise<SubscriptionRow> {
  const [row] = await sql<SubscriptionRow[]>`
    insert into subscriptions ${sql({ ...draft, status: 'incomplete', created_at: now, updated_at: now })}
    returning ${sql(subscriptionColumns)}`
  if (!row) throw new Error('a subscription was written into another scope')
  return row
}
