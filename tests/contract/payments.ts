import { randomBytes } from 'node:crypto'
import { postTransaction } from '#shared/domain/billing/ledger/post.ts'
import { capturePosting } from '#shared/domain/billing/ledger/postings.ts'
import { newId } from '#shared/domain/ids.ts'
import { serviceScope } from '#shared/runtime/contexts.ts'
import type { ExampleWorld } from '#shared/runtime/examples.ts'
import { call, type TestProduct } from '../setup/product.ts'

const amountPaise = 589_882
const gatewayId = (kind: string) => `${kind}_${randomBytes(7).toString('hex')}`

/** Makes orders, payments and refunds that have come as far as an example wants. */
export function createPayments(
  { url, services, gateway }: Pick<TestProduct, 'url' | 'services' | 'gateway'>,
  orgId: string,
  token: string,
): Pick<
  ExampleWorld,
  'withoutSubscription' | 'newOrder' | 'newTriedOrder' | 'newPayment' | 'newRefund' | 'newGatewayEvent'
> {
  const { database } = services
  const scope = serviceScope(orgId, null)
  const payments: ReturnType<typeof createPayments> = {
    async withoutSubscription() {
      await database.transaction(
        scope,
        (sql) => sql`update subscriptions set status = 'cancelled', ended_at = now() where ended_at is null`,
      )
    },
    async newOrder() {
      await payments.withoutSubscription()
      const answer = await call(url, 'POST', '/v1/billing/orders', {
        token,
        body: { plan_id: 'team', period: 'month', seats: 5 },
      })
      if (answer.status !== 201) throw new Error(`ordering: ${answer.status} ${JSON.stringify(answer.body)}`)
      return { id: answer.body.id, gateway_order_id: answer.body.checkout.order_id }
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
