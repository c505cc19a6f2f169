import { AppError } from '../../errors.ts'
import type { Sql } from '../../sql.ts'
import { featureNames, type Limits } from '../entitlements/features.ts'
import type { Period, Plan } from './schemas.ts'

/** Nobody buys more at once; beyond that operators make a contract. */
export const maximumSeats = 10_000

/** A line of an order: `net_paise` is `quantity × unit_paise`, without tax. */
export interface PriceLine {
  description: string
  quantity: number
  unit_paise: number
  net_paise: number
}

/** What a period of a plan costs, without tax and before discounts. */
export interface Price {
  price_id: string
  base_paise: number
  included_seats: number
  /** Of each seat beyond the included ones. */
  seat_paise: number
  net_paise: number
  lines: PriceLine[]
}

/** The plans that are sold, from the smallest to the largest, with the prices that hold at a moment. */
export async function listPlans(sql: Sql, at: Date): Promise<Plan[]> {
  const plans = await sql<(Omit<Plan, 'limits'> & { limits: Partial<Limits> })[]>`
    select p.id, p.name, p.description, p.trial_days,
      coalesce((
        select jsonb_agg(jsonb_build_object('period', c.period, 'base_paise', c.base_paise,
          'included_seats', c.included_seats, 'seat_paise', c.seat_paise) order by c.period)
        from (
          select distinct on (period) period, base_paise, included_seats, seat_paise from plan_prices
          where plan_id = p.id and valid_from <= ${at.toISOString()}::timestamptz
          order by period, valid_from desc
        ) c
      ), '[]') as prices,
      (select jsonb_object_agg(feature, quantity) from plan_limits where plan_id = p.id) as limits
    from plans p where p.is_public
    order by p.rank`
  return plans.map((plan) => ({ ...plan, limits: completeLimits(plan.limits) }))
}

/** What a plan says nothing of isn't in it. */
function completeLimits(limits: Partial<Limits> | null): Limits {
  return Object.fromEntries(
    featureNames.map((name) => [name, limits?.[name] === undefined ? 0 : limits[name]]),
  ) as Limits
}

export interface PriceRequest {
  planId: string
  period: Period
  seats: number
  /** When the period is agreed: the price that holds then. */
  at: Date
}

/**
 * What a period of a plan costs.
 * @throws AppError NOT_FOUND when the plan isn't sold, VALIDATION_ERROR for a number of seats that can't be bought
 */
export async function priceOf(sql: Sql, { planId, period, seats, at }: PriceRequest): Promise<Price> {
  if (!Number.isSafeInteger(seats) || seats < 1 || seats > maximumSeats) {
    throw new AppError('VALIDATION_ERROR', `There are from 1 to ${maximumSeats} seats to be had`, [
      { field: 'seats', message: `must be a whole number from 1 to ${maximumSeats}` },
    ])
  }
  const [row] = await sql<(Omit<Price, 'net_paise' | 'lines'> & { name: string })[]>`
    select p.name, c.id as price_id, c.base_paise, c.included_seats, c.seat_paise
    from plans p join plan_prices c on c.plan_id = p.id
    where p.id = ${planId} and p.is_public and c.period = ${period} and c.valid_from <= ${at.toISOString()}::timestamptz
    order by c.valid_from desc
    limit 1`
  if (!row) throw new AppError('NOT_FOUND', 'There is no such plan for sale; see GET /v1/billing/plans')
  const { name, ...price } = row
  const lines = [line(`${name}, per ${period}, ${price.included_seats} seats`, 1, price.base_paise)]
  const further = seats - price.included_seats
  if (further > 0) lines.push(line(`Further seats, per ${period}`, further, price.seat_paise))
  return { ...price, net_paise: lines.reduce((sum, { net_paise }) => sum + net_paise, 0), lines }
}

function line(description: string, quantity: number, unitPaise: number): PriceLine {
  return { description, quantity, unit_paise: unitPaise, net_paise: quantity * unitPaise }
}
