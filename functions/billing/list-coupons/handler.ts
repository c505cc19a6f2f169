import { listCoupons } from '#shared/domain/billing/coupons/catalogue.ts'
import { pageBodyBy, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, cursors }, { query }) => {
  const page = readPage(query, cursors)
  return { status: 200, body: pageBodyBy(await listCoupons(sql, page), page, cursors, ({ code }) => code) }
}
