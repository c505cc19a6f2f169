import { listPayments } from '#shared/domain/billing/payments/payments.ts'
import { pageBody, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, cursors }, { query }) => {
  const page = readPage(query, cursors)
  return { status: 200, body: pageBody(await listPayments(sql, principal.orgId, page), page, cursors) }
}
