import * as v from 'valibot'
import { newId } from '../ids.ts'
import { eventType, type QueueName } from '../messaging.ts'
import { storableJson } from '../plain-text.ts'
import type { Sql } from '../sql.ts'
import { raiseAlert } from './alert.ts'

export interface DeadLetter {
  orgId: string | null
  kind: 'event' | 'task'
  /** Name of the function that could not do it. */
  consumer: string
  /** Where it is sent again. */
  queue: QueueName
  messageId: string
  body: unknown
  attempts: number
  error: { code: string; message: string }
}

/** What Pub/Sub forwards to the dead-letter topic when a function did not even give a message up itself. */
export const deadLettered = eventType('dead-letters', 'dead-lettered', v.unknown())

/**
 * Keeps a message that was given up, and raises an alert. A sender may give up twice: the first one
 * stays. What was given up again after it had been sent again opens its letter again. Whatever the message is, it can be
 * kept: an organization that is gone, or was never there, is left out.
 */
export async function writeDeadLetter(sql: Sql, letter: DeadLetter): Promise<void> {
  const id = (await reopen(sql, letter)) ?? (await insert(sql, letter))
  if (id !== null && letter.orgId !== null) await raiseAlert(sql, { ...letter, id, orgId: letter.orgId })
}

async function reopen(sql: Sql, letter: DeadLetter): Promise<string | null> {
  const [reopened] = await sql<{ id: string }[]>`
    update dead_letters
    set status = 'open', attempts = attempts + ${letter.attempts}, error = ${sql.json(letter.error)}
    where redrive_id = ${letter.messageId} and consumer = ${letter.consumer} and status = 'redriven'
    returning id`
  return reopened?.id ?? null
}

/** @returns null when there is such a letter already */
async function insert(sql: Sql, letter: DeadLetter): Promise<string | null> {
  const id = newId()
  const { count } = await sql`
    insert into dead_letters (id, org_id, kind, consumer, queue, message_id, body, attempts, error)
    values (${id}, (select id from organizations where id = ${letter.orgId}), ${letter.kind}, ${letter.consumer},
      ${letter.queue}, ${letter.messageId.slice(0, 500)}, ${sql.json(storableJson(letter.body))}, ${letter.attempts},
      ${sql.json(letter.error)})
    -- Naming the columns, or returning some, would have the row be visible to this scope, which one of no organization isn't.
    on conflict do nothing`
  return count === 1 ? id : null
}

/**
 * Who gave a forwarded message up, and after how many attempts, from the attributes that Pub/Sub adds ("Dead-letter
 * topics"). A subscription has the name of its function. Null for a message that nobody has forwarded.
 */
export function givenUpBy(
  attributes: Readonly<Record<string, string>>,
): Pick<DeadLetter, 'consumer' | 'attempts'> | null {
  const subscription = attributes.CloudPubSubDeadLetterSourceSubscription?.split('/').at(-1)
  if (!subscription) return null
  const attempts = Number(attributes.CloudPubSubDeadLetterSourceDeliveryCount)
  return { consumer: subscription, attempts: Number.isSafeInteger(attempts) ? Math.max(0, attempts) : 0 }
}
