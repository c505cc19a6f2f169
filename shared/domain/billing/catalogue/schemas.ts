import * as v from 'valibot'
import { Limits } from '../entitlements/features.ts'
import { Paise } from '../money.ts'

export const periods = ['month', 'year'] as const
export const Period = v.picklist(periods)
export type Period = v.InferOutput<typeof Period>

export const PlanId = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{1,39}$/, 'must be the id of a plan'))

/** A plan as it is sold. */
export const Plan = v.strictObject({
  id: PlanId,
  name: v.string(),
  description: v.string(),
  trial_days: v.pipe(v.number(), v.integer(), v.description('0: there is no trial')),
  prices: v.pipe(
    v.array(
      v.strictObject({
        period: Period,
        base_paise: Paise,
        included_seats: v.pipe(v.number(), v.integer()),
        seat_paise: v.pipe(Paise, v.description('Of each further seat')),
      }),
    ),
    v.description('In paise, without tax; none for what costs nothing'),
  ),
  limits: v.pipe(
    Limits,
    v.description(
      'Null: without limit. Seats without one are those that are bought, requests those of the installation',
    ),
  ),
})
export type Plan = v.InferOutput<typeof Plan>
