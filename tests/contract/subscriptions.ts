import { featureNames } from '#shared/domain/billing/entitlements/features.ts'
import { setContract } from '#shared/domain/billing/entitlements/grant.ts'
import { fulfilOrder } from '#shared/domain/billing/orders/fulfil.ts'
import { cancelSubscription } from '#shared/domain/billing/subscriptions/end.ts'
import type { SubscriptionRow } from '#shared/domain/billing/subscriptions/rows.ts'
import { saveSubscription } from '#shared/domain/billing/subscriptions/save.ts'
import type { ExampleWorld } from '#shared/runtime/examples.ts'
import { call, type TestProduct } from '../setup/product.ts'
import { subscriberOf } from '../setup/subscriptions.ts'
import type { createTurns } from './turns.ts'

const boundless = Object.fromEntries(featureNames.map((name) => [name, null]))

/** Makes subscriptions of an organization; each ends the one before. A contract that is over keeps its limits wide. */
export function createSubscriptions(
  { url, services, gateway }: Pick<TestProduct, 'url' | 'services' | 'gateway'>,
  tenant: { orgId: string; ownerId: string; token: string },
  turn: ReturnType<typeof createTurns>,
): Pick<ExampleWorld, 'newSubscription' | 'newMandate' | 'withoutTrial'> {
  const { orgId, token } = tenant
  const subscriber = subscriberOf(services.database, tenant)
  const end = () =>
    subscriber.read(async (sql) => {
      // Nothing is begun beside a contract that holds.
      await setContract(sql, { orgId, planId: 'enterprise', seats: 1_000, until: new Date(0), overrides: boundless })
      await sql`update subscriptions set status = 'cancelled', ended_at = now() where ended_at is null`
    })
  return {
    newSubscription: (state) => turn(() => subscribe(state)),
    newMandate: () => turn(subscribeByMandate),
    async withoutTrial() {
      await subscriber.read((sql) => sql`update billing_accounts set trial_used_at = null where org_id = ${orgId}`)
    },
  }

  async function subscribe(state?: string) {
    await end()
    const now = new Date()
    await subscriber.buy(now)
    if (state !== undefined) {
      await subscriber.change(now, (effects) => cancelSubscription(effects, orgId, 'period-end'))
    }
    return (await subscriber.subscription()).id
  }

  async function subscribeByMandate() {
    await end()
    const body = { plan_id: 'team', period: 'month', seats: 5 }
    const answer = await call(url, 'POST', '/v1/billing/subscription', { token, body })
    if (answer.status !== 201) throw new Error(`a mandate: ${answer.status} ${JSON.stringify(answer.body)}`)
    const row = await subscriber.subscription()
    if (!gateway || row.gateway_subscription_id === null) throw new Error('this product has no gateway of its own')
    await gateway.authorizeMandate(row.gateway_subscription_id)
    await subscriber.change(new Date(), async (effects) => {
      const [order] = await effects.sql<{ id: string }[]>`
          select id from orders where subscription_id = ${row.id} and cycle = 0`
      await fulfilOrder(effects, order!.id, null)
      const [paid] = await effects.sql<SubscriptionRow[]>`select * from subscriptions where id = ${row.id}`
      await saveSubscription(effects, paid!, {
        gateway_status: 'authenticated',
        gateway_status_at: new Date().toISOString(),
      })
    })
    return { id: row.id, gateway_subscription_id: row.gateway_subscription_id }
  }
}
