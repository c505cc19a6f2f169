import type { Sql } from '../../sql.ts'
import { releaseUnused } from '../coupons/coupons.ts'
import type { BillingEffects } from '../effects.ts'
import { sendBillingMail } from '../messages.ts'
import { dayNumber } from '../proration/days.ts'
import { findSubscription, type SubscriptionRow } from '../subscriptions/rows.ts'
import { saveSubscription } from '../subscriptions/save.ts'
import { addDays, dueAt, incompleteDays, isAuthorized } from '../subscriptions/state.ts'
import type { MailTemplate } from './mails.ts'

/** Days after a debt began on which its customer is reminded; the first reminder goes out with the debt. */
const reminderDays = [0, 3, 7]
/** Days before the end of what is paid on which whoever pays by order is told. */
const renewalDays: readonly number[] = [7, 1]
/** Days before the end of a trial on which its customer is told. */
const trialDays: readonly number[] = [3, 1]

/** A subscription with which time has something to do. */
export interface DueSubscription {
  id: string
  org_id: string
}

/** Live subscriptions whose end is near or over, of all organizations, by id. @param after the last one of the page before */
export function dueSubscriptions(sql: Sql, now: Date, after: string | null, size: number): Promise<DueSubscription[]> {
  return sql<DueSubscription[]>`
    select id, org_id from subscriptions
    where ended_at is null
      and (coalesce(current_period_end, trial_ends_at) < ${addDays(now, Math.max(...renewalDays) + 1)}
        or coalesce(current_period_end, trial_ends_at) is null and created_at <= ${addDays(now, -incompleteDays)})
      ${after === null ? sql`` : sql`and id > ${after}`}
    order by id limit ${size}`
}

/**
 * What the passing of time does to a subscription: its state, and what its customer is told. The caller holds the lock of the
 * account. Doing it again on the same day tells nothing new.
 */
export async function advanceSubscription(effects: BillingEffects, orgId: string, id: string): Promise<void> {
  const { sql } = effects
  await releaseUnused(sql, orgId)
  const before = await findSubscription(sql, orgId, id)
  if (!before || before.ended_at !== null) return
  const row = await saveSubscription(effects, before)
  await remind(effects, row)
}

async function remind(effects: BillingEffects, row: SubscriptionRow): Promise<void> {
  const due = dueAt(row)
  if (due === null || row.ended_at !== null) return
  const daysLeft = dayNumber(due) - dayNumber(effects.now)
  const mail = (template: MailTemplate, occasion: string) =>
    effects.enqueue(sendBillingMail, {
      ...{ template, subscription_id: row.id },
      occasion: `${due.toISOString()}/${occasion}`,
    })
  if (row.status === 'past_due') {
    const stage = reminderDays.filter((days) => -daysLeft >= days).length
    if (stage <= row.dunning_stage) return
    await saveSubscription(effects, row, { dunning_stage: stage })
    await mail(chargesItself(row) ? 'charge-failed' : 'renewal-due', `${stage}`)
  } else if (row.status === 'active' && !chargesItself(row) && !row.cancel_at_period_end) {
    if (renewalDays.includes(daysLeft)) await mail('renewal-due', `before-${daysLeft}`)
  } else if (row.status === 'trialing' && !chargesItself(row)) {
    if (trialDays.includes(daysLeft)) await mail('trial-ending', `before-${daysLeft}`)
  }
}

function chargesItself(row: SubscriptionRow): boolean {
  return row.collection === 'mandate' && isAuthorized(row)
}
