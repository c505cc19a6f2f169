import { readSpan, readStatement } from '#shared/domain/billing/ledger/statement.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, now }, { query }) => ({
  status: 200,
  body: await readStatement(sql, { orgId: principal.orgId, ...readSpan(query, now) }),
})
