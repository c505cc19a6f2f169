import type { Sql } from '../../sql.ts'
import type { Seller } from '../effects.ts'
import { formatRupees } from '../money.ts'
import { formatDay } from '../proration/days.ts'
import { planNames } from '../quotes/quote.ts'
import { findSubscription, type SubscriptionRow } from '../subscriptions/rows.ts'
import { dueAt, isAuthorized } from '../subscriptions/state.ts'

export type MailTemplate =
  | 'charge-failed'
  | 'renewal-due'
  | 'grace-over'
  | 'trial-ending'
  | 'subscription-ended'
  | 'authorize-mandate'

export interface BillingMail {
  id: string
  to: string
  subject: string
  text: string
}

interface Facts {
  plan: string
  /** Without tax. */
  price: string
  due: string
  grace: string
  console: string
  authorizeUrl: string
}

const texts: Readonly<Record<MailTemplate, (facts: Facts) => { subject: string; lines: string[] }>> = {
  'charge-failed': ({ plan, price, grace, console }) => ({
    subject: `The charge for ${plan} failed`,
    lines: [
      `We could not charge ${price} (and tax) for ${plan}. It will be tried again in the next days.`,
      `You can go on working until ${grace}. To be sure, see that your card or account can be charged, or pay now: ${console}`,
    ],
  }),
  'renewal-due': ({ plan, price, due, grace, console }) => ({
    subject: `${plan} is paid until ${due}`,
    lines: [
      `${plan} is paid until ${due}. The next period costs ${price} (and tax); it is renewed when you order it: ${console}`,
      `Without a payment you can go on working until ${grace}.`,
    ],
  }),
  'grace-over': ({ plan, console }) => ({
    subject: `${plan} is suspended`,
    lines: [
      `No payment has come in for ${plan}, so your organization is on the free plan for now. Nothing was deleted.`,
      `Pay for the next period, and everything is as it was: ${console}`,
    ],
  }),
  'trial-ending': ({ plan, price, due, console }) => ({
    subject: `Your trial of ${plan} ends on ${due}`,
    lines: [
      `Your trial of ${plan} ends on ${due}. It ends by itself, and costs nothing.`,
      `To keep ${plan} for ${price} (and tax) a period: ${console}`,
    ],
  }),
  'subscription-ended': ({ plan, console }) => ({
    subject: `${plan} has ended`,
    lines: [
      `Your subscription of ${plan} has ended. Nothing was deleted. You can begin it again at any time: ${console}`,
    ],
  }),
  'authorize-mandate': ({ plan, price, due, authorizeUrl }) => ({
    subject: `Please authorize the charges for ${plan}`,
    lines: [
      `Your subscription has changed to ${plan} for ${price} (and tax) a period, and your bank wants you to agree to that:`,
      authorizeUrl,
      `Until then nothing is charged; what you have is paid until ${due}.`,
    ],
  }),
}

/** Whether there is still a reason for a mail by the time it is sent. */
function isMeant(template: MailTemplate, row: SubscriptionRow): boolean {
  switch (template) {
    case 'charge-failed':
      return row.status === 'past_due'
    case 'renewal-due':
      return row.status === 'past_due' || (row.status === 'active' && !row.cancel_at_period_end)
    case 'grace-over':
      return row.status === 'halted'
    case 'trial-ending':
      return row.status === 'trialing'
    case 'subscription-ended':
      return row.ended_at !== null
    case 'authorize-mandate':
      return row.ended_at === null && row.collection === 'mandate' && !isAuthorized(row)
  }
}

/** The mail about a subscription to the account's address, else to its owners' first; null: there is no reason or nobody. */
export async function composeMail(
  sql: Sql,
  of: {
    orgId: string
    subscriptionId: string
    template: MailTemplate
    occasion: string
    seller: Seller
    graceDays: number
    publicUrl: string
  },
): Promise<BillingMail | null> {
  const { orgId, subscriptionId, template, occasion, seller, graceDays, publicUrl } = of
  const row = await findSubscription(sql, orgId, subscriptionId)
  if (!row || !isMeant(template, row)) return null
  const to = await addressOf(sql, orgId)
  if (to === null) return null
  const due = dueAt(row) ?? new Date(row.created_at)
  const terms = row.next_change ?? row
  const { subject, lines } = texts[template]({
    plan: `${(await planNames(sql)).get(terms.plan_id) ?? terms.plan_id} (${terms.seats} seats)`,
    price: formatRupees(terms.period_paise),
    due: formatDay(due),
    grace: formatDay(new Date(due.getTime() + graceDays * 86_400_000)),
    console: publicUrl,
    authorizeUrl: row.gateway_short_url ?? publicUrl,
  })
  const text = [...lines, `Questions? Write to ${seller.email}.`, seller.name].join('\n\n')
  return {
    id: `${template}-${subscriptionId}-${occasion}`.replace(/[^A-Za-z0-9-]+/g, '-'),
    to,
    subject,
    text: `${text}\n`,
  }
}

async function addressOf(sql: Sql, orgId: string): Promise<string | null> {
  const [row] = await sql<{ email: string | null }[]>`
    select coalesce(
      (select email from billing_accounts where org_id = ${orgId}),
      (select u.email from memberships m join users u on u.id = m.user_id
        where m.org_id = ${orgId} and m.role = 'owner' order by m.created_at limit 1)
    ) as email`
  return row?.email || null
}
