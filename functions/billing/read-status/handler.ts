import { readBillingStatus } from '#shared/domain/billing/ledger/status.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }) => ({ status: 200, body: await readBillingStatus(sql) })
