import type { Sql } from '../../sql.ts'

/**
 * What an organization has to its credit, in paise with tax: credit notes that were not paid back, without what orders have
 * used of them or hold until they are paid or over.
 *
 * @param exceptOrderId the order that asks, whose own part is not taken off
 */
export async function openCredit(sql: Sql, orgId: string, exceptOrderId: string | null = null): Promise<number> {
  const [row] = await sql<{ credit: number }[]>`
    select greatest(0,
      (select coalesce(sum(total_paise), 0) from invoices
        where org_id = ${orgId} and kind = 'credit_note' and status = 'final' and refund_id is null)
      - (select coalesce(sum(credit_paise), 0) from orders
        where org_id = ${orgId} and status not in ('cancelled', 'expired')
          and id is distinct from ${exceptOrderId}::uuid))::bigint as credit`
  return row!.credit
}
