import { listOrders, showOrder } from '#shared/domain/billing/orders/orders.ts'
import { pageBody, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, payments, cursors }, { query }) => {
  const page = readPage(query, cursors)
  const orders = await listOrders(sql, principal.orgId, page)
  return {
    status: 200,
    body: pageBody(
      orders.map((order) => showOrder(order, payments)),
      page,
      cursors,
    ),
  }
}
