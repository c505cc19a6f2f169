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
