import { newId } from '#shared/domain/ids.ts'
import type { Enqueue, Envelope, EventType, Publish, TaskType } from '#shared/domain/messaging.ts'
import type { Json, Sql } from '#shared/domain/sql.ts'
import { Batches } from '#shared/platform/batches.ts'
import { type Database, type PendingStatement, system } from '#shared/platform/database/index.ts'
import { type OrderedRow, sendWhatCanBeSent, withoutOvertaking } from './outbox-order.ts'
import type { Services } from './services.ts'

/** One message on its way out, as it stands in the table `outbox`. */
interface OutboxRow extends OrderedRow {
  kind: 'event' | 'task'
  queue: string | null
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
  #written: PendingStatement | null = null

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
      ...this.#envelope(type.name, payload, options.workspaceId),
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
    // The time of the statement, not of the transaction's begin: whoever commits first is older.
    const written = sql`
      insert into outbox (id, org_id, kind, target, queue, ordering_key, attributes, body, not_before, created_at)
      select id, org_id, kind, target, queue, ordering_key, attributes, body, not_before, clock_timestamp()
      from jsonb_to_recordset(${sql.json(this.#rows as unknown as Json)}) as row (
        id uuid, org_id uuid, kind text, target text, queue text, ordering_key text,
        attributes jsonb, body jsonb, not_before timestamptz)
      ${this.#rows.some(({ ordering_key }) => ordering_key !== null) ? whetherItWaits(sql) : sql``}`
    this.#written = written
    return [written]
  }

  /** Sends what was written, once the transaction is committed; what fails here is left to the sweeper. */
  async flush(services: Services): Promise<void> {
    if (this.#rows.length === 0 || !services.bus || !services.queue) return
    const tell = (error: unknown) =>
      services.log.warn('outbox left to the sweeper', { error, count: this.#rows.length })
    try {
      const rows = await this.#withThoseBefore(services)
      const sent = await Promise.all(
        byKind(rows).map((part) =>
          send(services, part).then(
            () => part,
            (error) => {
              tell(error)
              return []
            },
          ),
        ),
      )
      if (sent.flat().length > 0) await forgetterOf(services).add(sent.flat())
    } catch (error) {
      tell(error)
    }
  }

  /**
   * What is to be sent now: messages that were written before with the same ordering key and still wait go along, or
   * these would overtake them.
   */
  async #withThoseBefore(services: Services): Promise<readonly OutboxRow[]> {
    const written = await this.#written
    if (!written?.some(({ waits }) => waits === true)) return this.#rows
    const keyed = this.#rows.filter((row) => row.ordering_key !== null)
    const waiting = await services.database.transaction(system, (sql) => readChains(sql, keyed), { readOnly: true })
    if (waiting.length > chainLimit) services.log.warn('ordered messages left to the sweeper', { count: keyed.length })
    const unordered = this.#rows.filter((row) => row.ordering_key === null)
    return waiting.length > chainLimit ? unordered : [...unordered, ...waiting]
  }
}

/** Messages of the same ordering keys that are sent along with a new one; when there are more, the sweeper sends all of them. */
const chainLimit = 500

/** Whoever wrote with the same key and has committed is seen here: a message of theirs that is not sent yet comes first. */
function whetherItWaits(sql: Sql) {
  return sql`
    returning ordering_key is not null and exists (
      select from outbox as before
      where before.org_id = outbox.org_id and before.target = outbox.target and before.ordering_key = outbox.ordering_key
    ) as waits`
}

const columns = 'id, org_id, kind, target, queue, ordering_key, attributes, body, not_before'.split(', ')

function readChains(sql: Sql, rows: readonly OutboxRow[]): Promise<OutboxRow[]> {
  const keys = rows.map(({ ordering_key }) => ordering_key ?? '')
  return sql<OutboxRow[]>`
    select ${sql(columns)} from outbox
    where ordering_key in ${sql(keys)} and org_id in ${sql(rows.map(({ org_id }) => org_id))}
      and target in ${sql(rows.map(({ target }) => target))}
    order by created_at, id
    limit ${chainLimit + 1}`
}

/** Events and tasks go different ways: neither waits for the other. */
function byKind(rows: readonly OutboxRow[]): OutboxRow[][] {
  return [rows.filter((row) => row.kind === 'event'), rows.filter((row) => row.kind === 'task')]
}

/** Sends messages of one kind. */
async function send({ bus, queue }: Services, rows: readonly OutboxRow[]): Promise<void> {
  if (rows.length === 0) return
  if (rows[0]?.kind === 'event') {
    await bus?.publish(
      rows.map((row) => ({
        id: row.id,
        topic: row.target,
        body: JSON.stringify(row.body),
        attributes: row.attributes,
        ...(row.ordering_key === null ? {} : { orderingKey: row.ordering_key }),
      })),
    )
  } else {
    await queue?.enqueue(
      rows.map((row) => ({
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

/** Those that a sweeper holds are the sweeper's to remove: nobody waits for it. */
async function forget(sql: Sql, rows: readonly OutboxRow[]): Promise<void> {
  const ids = rows.map((row) => row.id)
  await sql`
    delete from outbox where id in (select id from outbox where id in ${sql(ids)} for update skip locked)`
}

/** Rows of one sweep; the next one takes what is left. */
const sweepLimit = 5000
/** Attempts to send within one sweep: enough to find a few messages among them that are refused. */
const sweepTries = 100
/** After this the sweep tries no more: what was sent is to be noted before its transaction is ended for idleness. */
const sweepMilliseconds = 10_000
/** Rows are counted up to here: nobody's reaction depends on more. */
const countLimit = 100_000

/**
 * Sends what senders left behind when they died between commit and sending, and says in the log how much waits and for
 * how long. The rows stay locked until they are sent, so that two sweepers share the work instead of doubling it.
 * @param olderThanSeconds rows younger than this are their sender's
 * @returns how many were sent; the next sweep takes what is left
 */
export async function sweepOutbox(sql: Sql, services: Services, olderThanSeconds: number): Promise<number> {
  const lag = await readLag(sql)
  const rows = await sql<OutboxRow[]>`
    select ${sql(columns)} from outbox
    where created_at <= clock_timestamp() - make_interval(secs => ${olderThanSeconds})
    order by created_at, id
    limit ${sweepLimit}
    for update skip locked`
  const sent = rows.length > 0 && services.bus && services.queue ? await sweep(sql, services, rows) : []
  if (sent.length > 0) await forget(sql, sent)
  services.log.info('outbox lag', { ...lag, sent: sent.length, more: rows.length === sweepLimit })
  return sent.length
}

/** Age of the oldest message that is committed and not sent yet, and how many there are, up to `countLimit`. */
async function readLag(sql: Sql): Promise<{ seconds: number; count: number }> {
  const [lag] = await sql<{ seconds: number; count: number }[]>`
    select count(*)::integer as count,
      coalesce(greatest(extract(epoch from clock_timestamp() - min(created_at)), 0), 0)::float8 as seconds
    from (select created_at from outbox order by created_at limit ${countLimit}) as waiting`
  return lag ?? { seconds: 0, count: 0 }
}

async function sweep(sql: Sql, services: Services, locked: readonly OutboxRow[]): Promise<OutboxRow[]> {
  const until = performance.now() + sweepMilliseconds
  const rows = withoutOvertaking(locked, await readChainsUpTo(sql, locked))
  const sent = await Promise.all(
    byKind(rows).map((part) =>
      sendWhatCanBeSent(part, {
        send: (some) => send(services, some),
        refused: ({ id, target }, error) =>
          services.log.error('a message of the outbox is refused', { id, target, error }),
        tries: sweepTries,
        isOver: () => performance.now() > until,
      }),
    ),
  )
  return sent.flat()
}

/** All that waits of the chains of these rows, up to the last of them: another sweeper may hold some of it. */
async function readChainsUpTo(sql: Sql, rows: readonly OutboxRow[]): Promise<OrderedRow[]> {
  const keyed = rows.filter((row) => row.ordering_key !== null)
  const last = keyed.at(-1)
  if (!last) return []
  return sql<OrderedRow[]>`
    select id, org_id, target, ordering_key from outbox
    where ordering_key in ${sql([...new Set(keyed.map((row) => row.ordering_key ?? ''))])}
      and (created_at, id) <= (select created_at, id from outbox where id = ${last.id})
    order by created_at, id`
}
