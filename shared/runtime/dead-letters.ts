import { newId } from '#shared/domain/ids.ts'
import type { Json, Sql } from '#shared/domain/sql.ts'

export interface DeadLetter {
  orgId: string | null
  kind: 'event' | 'task' | 'cron'
  /** Name of the function that could not do it. */
  consumer: string
  messageId: string
  body: unknown
  attempts: number
  error: { code: string; message: string }
}

/** Keeps a message that was given up. A sender may give up twice: the first one stays. */
export async function writeDeadLetter(sql: Sql, letter: DeadLetter): Promise<void> {
  await sql`
    insert into dead_letters (id, org_id, kind, consumer, message_id, body, attempts, error)
    values (${newId()}, ${letter.orgId}, ${letter.kind}, ${letter.consumer}, ${letter.messageId},
      ${sql.json(letter.body as Json)}, ${letter.attempts}, ${sql.json(letter.error)})
    on conflict (consumer, message_id) do nothing`
}
