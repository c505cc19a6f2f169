import { setContract } from '#shared/domain/billing/entitlements/grant.ts'
import { readEntitlement } from '#shared/domain/billing/entitlements/read.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, enter, config, now, audit }, { params, body }) => {
  const { organization_id: orgId } = params
  await enter(orgId)
  const { plan_id: planId, seats, until, overrides } = body
  await setContract(sql, { orgId, planId, seats, until: until === null ? null : new Date(until), overrides })
  audit('entitlement.set', { targetId: orgId, details: { plan_id: planId, seats, until, overrides } })
  return { status: 200, body: await readEntitlement(sql, { orgId, at: now, defaultPlanId: config.DEFAULT_PLAN }) }
}
