import { createHash } from 'node:crypto'
import { AppError } from '../../errors.ts'
import type { Enqueue } from '../../messaging.ts'
import { storableJson } from '../../plain-text.ts'
import type { Json, Sql } from '../../sql.ts'
import { isThere } from '../accounts/open.ts'
import { noteDifference } from '../differences.ts'
import type { GatewayEvent } from '../gateway.ts'
import { applyGatewayEvent } from '../messages.ts'
import { readWebhook } from '../wire.ts'
import { organizationsOf, subjectsOf } from './subjects.ts'

/** What is received with a good signature. */
export interface Webhook {
  eventId: string
  /** The body as it can be kept; without what tells of who paid. */
  payload: Json
  /** Null: nothing that could be read. */
  event: GatewayEvent | null
}

/** @param eventId of its header; without one its bytes name it */
export function readReceived(eventId: string | undefined, bytes: Uint8Array): Webhook {
  const id = eventId ?? `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  let payload: Json = {}
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    payload = storableJson(withoutPersonalData(body)) ?? {}
    return { eventId: id, payload, event: readWebhook(id, body) }
  } catch (error) {
    // No UTF-8, no JSON, deeper than can be followed, or no event as we know them.
    if (unreadable.some((kind) => error instanceof kind)) return { eventId: id, payload, event: null }
    throw error
  }
}

const unreadable = [TypeError, SyntaxError, RangeError, AppError] as const

export interface Reception {
  sql: Sql
  now: Date
  enqueue: Enqueue
  /** Makes the rest of the transaction work in this organization. */
  enter(orgId: string): Promise<void>
}

export type Received = 'duplicate' | 'received' | 'unmatched' | 'ignored' | 'unreadable'

/**
 * Keeps an event, once, and has it applied: all in the one transaction whose commit is our answer. Whose it is follows
 * from our own rows of the objects that it tells of, never from what it says of itself.
 */
export async function receiveWebhook(context: Reception, webhook: Webhook): Promise<Received> {
  const { sql, enqueue } = context
  const { event, eventId } = webhook
  if (event === null) return keep(context, webhook, 'unreadable', null)
  const subjects = subjectsOf(event)
  if (subjects.length === 0) return keep(context, webhook, 'ignored', null)
  const [orgId, another] = await organizationsOf(sql, subjects)
  if (orgId === undefined) return keep(context, webhook, 'unmatched', null)
  if (another !== undefined) {
    const found = { organizations: [orgId, another], subjects }
    await noteDifference(sql, { orgId: null, kind: 'event-of-several', subject: eventId, found })
    return keep(context, webhook, 'ignored', null)
  }
  await context.enter(orgId)
  // Without its row nothing can be sent for it: the schedule that follows up looks after it.
  if (!(await isThere(sql, orgId))) return keep(context, webhook, 'unmatched', orgId)
  const outcome = await keep(context, webhook, 'received', orgId)
  if (outcome === 'received') await enqueue(applyGatewayEvent, { event_id: eventId })
  return outcome
}

async function keep(
  { sql, now }: Reception,
  { eventId, payload, event }: Webhook,
  outcome: Exclude<Received, 'duplicate'>,
  orgId: string | null,
): Promise<Received> {
  // Without naming the columns: rows of other scopes aren't visible here, and needn't be.
  const written = await sql`
    insert into gateway_events (id, org_id, type, occurred_at, payload, status, received_at)
    values (${eventId}, ${orgId}, ${event?.type ?? 'unreadable'}, ${event?.occurredAt ?? now},
      ${sql.json(payload)}, ${outcome === 'unreadable' ? 'ignored' : outcome},
      ${now})
    on conflict do nothing`
  if (written.count === 0) return 'duplicate'
  if (outcome === 'unreadable') await noteDifference(sql, { orgId: null, kind: 'event-unreadable', subject: eventId })
  return outcome
}

/** Names of what tells of who paid, wherever it stands (`payer_bank_account`, `customer_name`); nothing here needs it. */
const personal =
  /(^|_)(name|email|contact|phone|mobile|number|card|vpa|upi|wallet|account|token|address|details|transfer)s?$/i

function withoutPersonalData(value: unknown): Json {
  if (Array.isArray(value)) return value.map(withoutPersonalData)
  if (typeof value !== 'object' || value === null) return value as Json
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !personal.test(name))
      .map(([name, member]) => [name, withoutPersonalData(member)]),
  )
}
