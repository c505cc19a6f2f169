import { readOrder, showOrder } from '#shared/domain/billing/orders/orders.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, payments }, { params }) => ({
  status: 200,
  body: showOrder(await readOrder(sql, principal.orgId, params.order_id), payments),
})
