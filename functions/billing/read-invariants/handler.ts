import { checkBooks } from '#shared/domain/billing/ledger/checks.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, now }) => ({ status: 200, body: await checkBooks(sql, now) })
