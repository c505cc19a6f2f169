import { listPlans } from '#shared/domain/billing/catalogue/plans.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, now }) => ({
  status: 200,
  body: { data: await listPlans(sql, now) },
})
