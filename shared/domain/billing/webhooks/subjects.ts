import type { Sql } from '../../sql.ts'
import type { GatewayEvent } from '../gateway.ts'

/** Ids of the gateway's objects by which it is found whose an event is. */
export function subjectsOf(event: GatewayEvent): string[] {
  const { payment, order, refund, dispute, subscription, invoice } = event
  const ids = [
    ...[payment?.id, payment?.orderId, order?.id, refund?.id, refund?.paymentId, dispute?.paymentId],
    ...[subscription?.id, invoice?.subscriptionId, invoice?.paymentId, invoice?.orderId],
  ]
  return [...new Set(ids.filter((id) => typeof id === 'string'))]
}

/** The organizations that any of these objects belong to. */
export async function organizationsOf(sql: Sql, gatewayIds: readonly string[]): Promise<string[]> {
  if (gatewayIds.length === 0) return []
  const rows = await sql<{ org_id: string }[]>`
    select distinct org_id
    from jsonb_array_elements_text(${sql.json([...gatewayIds])}) as subject (id), billing_org_of(subject.id) as org_id
    where org_id is not null`
  return rows.map(({ org_id }) => org_id)
}
