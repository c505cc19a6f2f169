import { setBudget } from '#shared/domain/costs/budgets.ts'
import { budgetDefaults } from '#shared/domain/costs/money.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, config, now, audit }, { body }) => {
  const workspaceId = workspaceOf(principal)
  const { limit_microdollars } = body
  const options = { now, ...budgetDefaults(config) }
  const { budget, before } = await setBudget(sql, workspaceId, limit_microdollars, options)
  audit('budget.set', { targetId: workspaceId, details: { limit_microdollars, before } })
  return { status: 200, body: budget }
}
