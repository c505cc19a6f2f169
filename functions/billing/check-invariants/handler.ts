import { checkBooks, storeCheck } from '#shared/domain/billing/ledger/checks.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'

export const run: RunCron = async ({ sql, log, now }) => {
  const check = await checkBooks(sql, now)
  await storeCheck(sql, check)
  for (const { invariant, says, holds, violations } of check.invariants) {
    if (!holds) log.error('an invariant of billing is broken', { invariant, says, violations })
  }
}
