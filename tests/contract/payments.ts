import { randomBytes } from 'node:crypto'
import { postTransaction } from '#shared/domain/billing/ledger/post.ts'
import { capturePosting } from '#shared/domain/billing/ledger/postings.ts'
import { insertOrder } from '#shared/domain/billing/orders/insert.ts'
import { newId } from '#shared/domain/ids.ts'
import { serviceScope } from '#shared/runtime/contexts.ts'
import type { ExampleWorld } from '#shared/runtime/examples.ts'
import type { TestProduct } from '../setup/product.ts'
import { subscriberOf } from '../setup/subscriptions.ts'
import type { createTurns } from './turns.ts'

const netPaise = 499_900
/** With tax. */
const amountPaise = 589_882
const gatewayId = (kind: string) => `${kind}_${randomBytes(7).toString('hex')}`

/** Makes orders, payments and refunds that have come as far as an example wants. */
export function createPayments(
  { services, gateway }: Pick<TestProduct, 'services' | 'gateway'>,
  tenant: { orgId: string; ownerId: string },
  turn: ReturnType<typeof createTurns>,
): Pick<
  ExampleWorld,
  'withoutSubscription' | 'newOrder' | 'newTriedOrder' | 'newPayment' | 'newRefund' | 'newGatewayEvent'
> {
  const { database } = services
  const { orgId, ownerId } = tenant
  const scope = serviceScope(orgId, null)
  const payments: ReturnType<typeof createPayments> = {
    async withoutSubscription() {
      await turn(() =>
        database.transaction(
          scope,
          (sql) => sql`update subscriptions set status = 'cancelled', ended_at = now() where ended_at is null`,
        ),
      )
    },
    async newOrder() {
      const id = newId()
      const { id: gatewayOrderId } = await services.payments.createOrder({ amountPaise, receipt: id, notes: {} })
      const line = { description: 'Team, per month, 5 seats', quantity: 1, unit_paise: netPaise, net_paise: netPaise }
      await subscriberOf(database, tenant).change(new Date(), (effects) =>
        insertOrder(effects, {
          ...{ id, org_id: orgId, subscription_id: null, kind: 'start', collection: 'checkout' },
          ...{ plan_id: 'team', period: 'month', seats: 5, period_start: null, period_end: null, lines: [line] },
          ...{ net_paise: netPaise, cgst_paise: 0, sgst_paise: 0, igst_paise: amountPaise - netPaise },
          ...{ total_paise: amountPaise, coupon_code: null, gateway_order_id: gatewayOrderId, created_by: ownerId },
        }),
      )
      return { id, gateway_order_id: gatewayOrderId }
    },
    async newTriedOrder() {
      const order = await payments.newOrder()
      if (!gateway) throw new Error('this product has no gateway of its own')
      const { payment: _, ...checkout } = await gateway.pay(order.gateway_order_id, { outcome: 'failed' })
      return { id: order.id, checkout }
    },
    async newPayment(status = 'captured') {
      const payment = { id: newId(), gateway_payment_id: gatewayId('pay') }
      const capturedAt = status === 'captured' ? new Date() : null
      await database.transaction(scope, async (sql) => {
        await sql`
          insert into payments (id, org_id, gateway_payment_id, status, amount_paise, captured_at, created_at)
          values (${payment.id}, ${orgId}, ${payment.gateway_payment_id}, ${status}, ${amountPaise}, ${capturedAt}, now())`
        const gatewayPaymentId = payment.gateway_payment_id
        if (capturedAt) await postTransaction(sql, capturePosting({ orgId, gatewayPaymentId, amountPaise, capturedAt }))
      })
      return payment
    },
    async newRefund() {
      const [id, payment] = [newId(), await payments.newPayment()]
      await database.transaction(
        scope,
        (sql) => sql`
          insert into refunds (id, org_id, payment_id, amount_paise, status, purpose)
          values (${id}, ${orgId}, ${payment.id}, 10000, 'requested', 'surplus')`,
      )
      return id
    },
    async newGatewayEvent() {
      const [id, payment] = [gatewayId('evt'), await payments.newPayment('authorized')]
      const at = Math.floor(Date.now() / 1000)
      const entity = {
        ...{
          id: payment.gateway_payment_id,
          entity: 'payment',
          status: 'failed',
          amount: amountPaise,
          currency: 'INR',
        },
        ...{ amount_refunded: 0, created_at: at, error_code: 'BAD_REQUEST_ERROR' },
      }
      const payload = { entity: 'event', event: 'payment.failed', created_at: at, payload: { payment: { entity } } }
      await database.transaction(
        scope,
        (sql) => sql`
          insert into gateway_events (id, org_id, type, occurred_at, payload, status)
          values (${id}, ${orgId}, 'payment.failed', now(), ${sql.json(payload)}, 'received')`,
      )
      return id
    },
  }
  return payments
}
