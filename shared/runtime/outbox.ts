import { newId } from '#shared/domain/ids.ts'
import type { Enqueue, Envelope, EventType, Publish, TaskType } from '#shared/domain/messaging.ts'
import type { Json, Sql } from '#shared/domain/sql.ts'
import { Batches } from '#shared/platform/batches.ts'
import { type Database, type PendingStatement, system } from '#shared/platform/database/index.ts'
import type { Services } from './services.ts'

/** One message on its way out, as it stands in the table `outbox`. */
interface OutboxRow {
  id: string
  org_id: string
  kind: 'event' | 'task'
  target: string
  queue: string | null
  ordering_key: string | null
  attributes: Record<string, string>
  body: Envelope
  not_before: Date | null
}

/** What the messages of one transaction have in common. */
export interface Origin {
  orgId(): string
  workspaceId: string | null
  actorId: string | null
  requestId: string
  traceparent: string | null
  now: Date
  /** What the function's declaration says it sends; on Google Cloud it has no right to send anything else. */
  sends: readonly (EventType | TaskType)[]
}

/** Collects the messages of one transaction; they are written just before its commit and sent after it. */
export class Outbox {
  readonly #rows: OutboxRow[] = []
  readonly #origin: Origin

  constructor(origin: Origin) {
    this.#origin = origin
  }

  readonly publish: Publish = async (type, payload, options = {}) => {
    this.#assertDeclared(type)
    this.#rows.push({
      ...this.#envelope(type.type, payload, options.workspaceId),
      kind: 'event',
      target: type.topic,
      queue: null,
      ordering_key: options.orderingKey ?? null,
      attributes: { event_type: type.type },
      not_before: null,
    })
  }

  readonly enqueue: Enqueue = async (type, payload, options = {}) => {
    this.#assertDeclared(type)
    this.#rows.push({
      ...this.#envelope(type.name, payload),
      kind: 'task',
      target: type.name,
      queue: type.queue,
      ordering_key: null,
      attributes: {},
      not_before: options.notBefore ?? null,
    })
  }

  #assertDeclared(type: EventType | TaskType): void {
    if (this.#origin.sends.includes(type)) return
    throw new Error(`the function sends ${type.kind === 'event' ? type.type : type.name} but does not declare it`)
  }

  #envelope(eventType: string, payload: unknown, ofWorkspace?: string): { id: string; org_id: string; body: Envelope } {
    const id = newId()
    const { workspaceId, actorId, requestId, traceparent, now } = this.#origin
    const orgId = this.#origin.orgId()
    return {
      id,
      org_id: orgId,
      body: {
        id,
        event_type: eventType,
        org_id: orgId,
        workspace_id: ofWorkspace ?? workspaceId,
        actor_id: actorId,
        correlation_id: requestId,
        traceparent,
        payload,
        timestamp: now.toISOString(),
      },
    }
  }

  /** The statement that writes the collected rows, for the end of the transaction. */
  statements(sql: Sql): PendingStatement[] {
    if (this.#rows.length === 0) return []
    return [
      sql`
        insert into outbox (id, org_id, kind, target, queue, ordering_key, attributes, body, not_before)
        select id, org_id, kind, target, queue, ordering_key, attributes, body, not_before
        from jsonb_to_recordset(${sql.json(this.#rows as unknown as Json)}) as row (
          id uuid, org_id uuid, kind text, target text, queue text, ordering_key text,
          attributes jsonb, body jsonb, not_before timestamptz)`,
    ]
  }

  /** Sends what was written, once the transaction is committed; what fails here is left to the sweeper. */
  async flush(services: Services): Promise<void> {
    if (this.#rows.length === 0 || !services.bus || !services.queue) return
    try {
      await send(services, this.#rows)
      await forgetterOf(services).add(this.#rows)
    } catch (error) {
      services.log.warn('outbox left to the sweeper', { error, count: this.#rows.length })
    }
  }
}

async function send(services: Services, rows: readonly OutboxRow[]): Promise<void> {
  if (!services.bus || !services.queue) return
  const events = rows.filter((row) => row.kind === 'event')
  const tasks = rows.filter((row) => row.kind === 'task')
  if (events.length > 0) {
    await services.bus.publish(
      events.map((row) => ({
        id: row.id,
        topic: row.target,
        body: JSON.stringify(row.body),
        attributes: row.attributes,
        ...(row.ordering_key === null ? {} : { orderingKey: row.ordering_key }),
      })),
    )
  }
  if (tasks.length > 0) {
    await services.queue.enqueue(
      tasks.map((row) => ({
        id: row.id,
        queue: row.queue ?? '',
        target: row.target,
        body: JSON.stringify(row.body),
        ...(row.not_before === null ? {} : { notBefore: new Date(row.not_before) }),
      })),
    )
  }
}

/** Per database: requests that send at the same time share the transaction that removes their rows. */
const forgetters = new WeakMap<Database, Batches<OutboxRow>>()

function forgetterOf({ database }: Services): Batches<OutboxRow> {
  let forgetter = forgetters.get(database)
  if (!forgetter) {
    forgetter = new Batches((rows) => database.transaction(system, (sql) => forget(sql, rows)))
    forgetters.set(database, forgetter)
  }
  return forgetter
}

async function forget(sql: Sql, rows: readonly OutboxRow[]): Promise<void> {
  await sql`delete from outbox where id in ${sql(rows.map((row) => row.id))}`
}

/** Rows of one sweep; the next one takes what is left. */
const sweepLimit = 5000
/** Attempts to send within one sweep: enough to find a few messages among them that are refused. */
const sweepTries = 100

/**
 * Sends what senders left behind when they died between commit and sending. The rows stay locked until they are sent,
 * so that two sweepers share the work instead of doubling it.
 * @param olderThanSeconds rows younger than this are their sender's
 * @returns how many were sent
 */
export async function sweepOutbox(sql: Sql, services: Services, olderThanSeconds: number): Promise<number> {
  const rows = await sql<OutboxRow[]>`
    select id, org_id, kind, target, queue, ordering_key, attributes, body, not_before
    from outbox
    where created_at <= now() - make_interval(secs => ${olderThanSeconds})
    order by created_at, id
    limit ${sweepLimit}
    for update skip locked`
  if (rows.length === 0 || !services.bus || !services.queue) return 0
  const sent = await sendWhatCanBeSent(services, rows, { left: sweepTries })
  if (sent.length > 0) await forget(sql, sent)
  return sent.length
}

/** Sends messages together, and in ever smaller parts when one is refused, so that it does not hold back the others. */
async function sendWhatCanBeSent(
  services: Services,
  rows: readonly OutboxRow[],
  tries: { left: number },
): Promise<OutboxRow[]> {
  if (tries.left-- <= 0) return []
  try {
    await send(services, rows)
    return [...rows]
  } catch (error) {
    if (rows.length === 1) {
      services.log.error('a message of the outbox is refused', { id: rows[0]?.id, target: rows[0]?.target, error })
      return []
    }
    const middle = rows.length >> 1
    return [
      ...(await sendWhatCanBeSent(services, rows.slice(0, middle), tries)),
      ...(await sendWhatCanBeSent(services, rows.slice(middle), tries)),
    ]
  }
}
