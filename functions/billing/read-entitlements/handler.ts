import { readEntitlementInUse } from '#shared/domain/billing/entitlements/in-use.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, config, now }) => ({
  status: 200,
  body: await readEntitlementInUse(sql, { orgId: principal.orgId, at: now, defaultPlanId: config.DEFAULT_PLAN }),
})
