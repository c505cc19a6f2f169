import { readBudget } from '#shared/domain/costs/budgets.ts'
import { budgetDefaults } from '#shared/domain/costs/money.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, config, now }) => ({
  status: 200,
  body: await readBudget(sql, workspaceOf(principal), { now, ...budgetDefaults(config) }),
})
