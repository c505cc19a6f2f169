import type { Sql } from '../../sql.ts'
import { type Feature, featureNames, type LimitOverrides, type Limits } from './features.ts'

/** Whose limits are asked, and when. */
export interface EntitledAt {
  orgId: string
  at: Date
  /** Of organizations that have no plan, or none any more. */
  defaultPlanId: string
}

/** What an organization may use. */
export interface Entitlement {
  plan_id: string
  plan_name: string
  /** Nothing is paid for, or what was is over. */
  is_default: boolean
  /** Null: without limit. */
  seats: number | null
  /** When it ends, the grace included; null: not by itself. */
  until: string | null
  /** With those of a contract; null: without limit. */
  limits: Limits
}

/** What an organization may use at a moment; the scope must be the organization's or the system's. */
export async function readEntitlement(sql: Sql, { orgId, at, defaultPlanId }: EntitledAt): Promise<Entitlement> {
  const [row] = await sql<
    {
      plan_id: string
      plan_name: string | null
      is_default: boolean
      seats: number | null
      until: string | null
      limits: Partial<Limits> | null
      overrides: LimitOverrides | null
    }[]
  >`
    select d.plan_id, p.name as plan_name, e.org_id is null as is_default, e.seats, e.until, e.overrides,
      (select jsonb_object_agg(feature, quantity) from plan_limits l where l.plan_id = d.plan_id) as limits
    from (values (${orgId}::uuid)) o (id)
    left join entitlements e on e.org_id = o.id and (e.until is null or e.until > ${at.toISOString()}::timestamptz)
    cross join lateral (select coalesce(e.plan_id, ${defaultPlanId}) as plan_id) d
    left join plans p on p.id = d.plan_id`
  const { plan_id, plan_name, is_default, seats, until, limits, overrides } = row!
  const bought = is_default ? {} : { seats }
  const own = { ...limits, ...bought, ...overrides }
  const complete = Object.fromEntries(featureNames.map((name) => [name, limitIn(own, name)])) as Limits
  return { plan_id, plan_name: plan_name ?? plan_id, is_default, seats: complete.seats, until, limits: complete }
}

/** What nothing is said of may not be used. */
function limitIn(limits: { [F in Feature]?: number | null | undefined }, feature: Feature): number | null {
  const limit = limits[feature]
  return limit === undefined ? 0 : limit
}
