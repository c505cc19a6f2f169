import { notFound } from '../../errors.ts'
import { endOfIds, type Page } from '../../paging.ts'
import type { Sql } from '../../sql.ts'
import type { PaymentGateway } from '../gateway.ts'
import { dueOf, type OrderRow, orderColumns } from './rows.ts'
import type { Order } from './schemas.ts'

/** The orders of an organization, newest first. */
export function listOrders(sql: Sql, orgId: string, page: Page): Promise<OrderRow[]> {
  return sql<OrderRow[]>`
    select ${sql(orderColumns)} from orders
    where org_id = ${orgId} and id < ${page.before ?? endOfIds}
    order by id desc
    limit ${page.size + 1}`
}

/** @throws AppError NOT_FOUND */
export async function readOrder(sql: Sql, orgId: string, id: string): Promise<OrderRow> {
  const [order] = await sql<OrderRow[]>`
    select ${sql(orderColumns)} from orders where org_id = ${orgId} and id = ${id}`
  if (!order) throw notFound('Order')
  return order
}

/** An order as its customer sees it. @param gateway asked for nothing: it knows where its checkout is */
export function showOrder(row: OrderRow, gateway: Pick<PaymentGateway, 'keyId' | 'checkoutUrl'>): Order {
  const { org_id: _org, receipt: _receipt, cycle: _cycle, gateway_order_id: orderId, ...order } = row
  const due = dueOf(row)
  const isOpen = row.status === 'created' || row.status === 'attempted'
  return {
    ...order,
    due_paise: due,
    checkout:
      isOpen && orderId !== null
        ? {
            key_id: gateway.keyId,
            order_id: orderId,
            amount_paise: due,
            currency: 'INR',
            url: gateway.checkoutUrl(orderId),
          }
        : null,
  }
}
