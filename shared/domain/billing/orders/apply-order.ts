import { noteDifference } from '../differences.ts'
import type { BillingEffects } from '../effects.ts'
import type { OrderSnapshot } from '../gateway.ts'
import { dueOf, findOrderOf } from './rows.ts'

/**
 * Takes in what the gateway shows of an order. That it is paid is believed of its captured payment alone. The caller holds
 * the lock of the account.
 */
export async function applyOrder(effects: BillingEffects, orgId: string, news: OrderSnapshot): Promise<void> {
  const { sql, now } = effects
  const order = await findOrderOf(sql, orgId, news.id)
  if (!order) return
  if (news.currency !== 'INR') {
    const found = { currency: news.currency, amount: news.amountPaise }
    await noteDifference(sql, { orgId, kind: 'currency-differs', subject: news.id, expected: 'INR', found })
    return
  }
  const due = dueOf(order)
  if (news.amountPaise !== due) {
    const difference = { orgId, kind: 'order-amount-differs', subject: news.id, expected: due, found: news.amountPaise }
    await noteDifference(sql, { ...difference, amountPaise: news.amountPaise - due })
    return
  }
  if (news.status === 'created' || order.status !== 'created') return
  await sql`update orders set status = 'attempted', updated_at = ${now} where id = ${order.id} and status = 'created'`
}
