import type { Sql } from '../../sql.ts'
import type { PaymentGateway } from '../gateway.ts'
import type { Period } from '../proration/days.ts'
import { planNames } from '../quotes/quote.ts'

/** What a mandate charges each period, with tax. */
export interface ChargedPlan {
  planId: string
  period: Period
  amountPaise: number
}

/** A short transaction of its own, as contexts give it. */
type Commit = <Result>(work: (sql: Sql) => Promise<Result>) => Promise<Result>

/**
 * The gateway's plan that charges this, made when there is none yet. Of two that are made at once the first one is kept; the
 * gateway has the other one then, and nobody uses it.
 *
 * @throws PlatformError UNAVAILABLE
 */
export async function gatewayPlanOf(
  gateway: PaymentGateway,
  commit: Commit,
  plan: ChargedPlan,
  signal: AbortSignal,
): Promise<string> {
  const { planId, period, amountPaise } = plan
  const find = async (sql: Sql) => {
    const [row] = await sql<{ gateway_plan_id: string }[]>`
      select gateway_plan_id from gateway_plans
      where plan_id = ${planId} and period = ${period} and amount_paise = ${amountPaise}`
    return row?.gateway_plan_id ?? null
  }
  const known = await commit(find)
  if (known !== null) return known
  const name = (await commit(planNames)).get(planId) ?? planId
  const made = await gateway.createPlan({ name: `${name}, per ${period}`, period, amountPaise }, signal)
  const kept = await commit(async (sql) => {
    await sql`
      insert into gateway_plans (gateway_plan_id, plan_id, period, amount_paise)
      values (${made.id}, ${planId}, ${period}, ${amountPaise}) on conflict do nothing`
    return find(sql)
  })
  return kept ?? made.id
}
