import { budgetDefaults } from '#shared/domain/costs/money.ts'
import { bookLostCalls, forgetReservations } from '#shared/domain/costs/sweep.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'

export const run: RunCron = async ({ sql, enter, config, now, log }) => {
  await forgetReservations(sql, now)
  const lost = await bookLostCalls({ sql, enter, now, ...budgetDefaults(config) })
  if (lost > 0) log.warn('model calls lost', { lost })
}
