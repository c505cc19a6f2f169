import type { Sql } from '#shared/domain/sql.ts'

/**
 * Notes in the effect's own transaction that this consumer has had this message.
 * @returns false when it has had it before; a concurrent twin waits here until the first commits or rolls back
 */
export async function accept(sql: Sql, consumer: string, messageId: string): Promise<boolean> {
  const rows = await sql`
    insert into processed_messages (consumer, message_id) values (${consumer}, ${messageId})
    on conflict (consumer, message_id) do nothing
    returning 1`
  return rows.length === 1
}

/**
 * The same for work of an organization, which ends without effect when the organization is being deleted. Who deletes it
 * waits for the work that was admitted before; no look of its own is needed for that.
 */
export async function admit(
  sql: Sql,
  consumer: string,
  messageId: string,
  orgId: string,
): Promise<'admitted' | 'duplicate' | 'closed'> {
  const [answer] = await sql<{ fresh: boolean; closed: boolean }[]>`
    with organization as materialized (
      select deleting_at is not null as closed from organizations where id = ${orgId} for key share
    ), noted as (
      insert into processed_messages (consumer, message_id) values (${consumer}, ${messageId})
      on conflict (consumer, message_id) do nothing
      returning 1
    )
    select exists (select from noted) as fresh, coalesce((select closed from organization), false) as closed`
  if (answer?.closed) return 'closed'
  return answer?.fresh ? 'admitted' : 'duplicate'
}
