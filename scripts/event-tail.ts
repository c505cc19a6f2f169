import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'

/** An event as it was published. */
export interface PublishedEvent {
  id: string
  type: string
  /** When the embedded cloud stored it. */
  publishedAt: string
  /** Its envelope; text that is none stays text. */
  envelope: unknown
}

export interface TailOptions {
  /** Asked before every connection: after a restart the database may be on another port. */
  url(): string
  /** How far back to begin; done events are kept for a minute. */
  sinceSeconds: number
  signal: AbortSignal
  onConnected?(): void
  onLost?(error: unknown): void
}

const pollMilliseconds = 300
const reconnectMilliseconds = 1000
/** A row counts from its transaction's begin, and is seen from its commit: so far back every look goes once more. */
const overlapSeconds = 15
const pageSize = 500

/** A time of the database, to the microsecond: its text, which sorts where it comes from alone, and the same as a Date. */
interface Moment {
  text: string
  date: Date
}

interface Row {
  id: string
  type: string
  at: string
  date: Date
  /** Tells rows of the same moment apart. */
  place: string
  body: string
}

/**
 * Follows the events that the embedded cloud stores, each once and in the order in which they were stored, until `signal`
 * is aborted. It only reads: copies for subscriptions, which are remembered for a minute when they are done, and what
 * nobody subscribes to. When the connection is lost it goes on from where it was.
 */
export async function* tailEvents(options: TailOptions): AsyncIterable<PublishedEvent> {
  const { signal } = options
  const seen = new SeenEvents()
  let from: Moment | null = null
  while (!signal.aborted) {
    const sql = openReader(options.url())
    try {
      from ??= await momentAgo(sql, options.sinceSeconds)
      options.onConnected?.()
      while (!signal.aborted) {
        // Never back before the beginning: what was published before that nobody asked for.
        const next = await momentAgo(sql, overlapSeconds, from)
        for await (const row of rowsSince(sql, from)) {
          if (seen.isNew(row)) yield toEvent(row)
        }
        from = next
        seen.forgetBefore(from)
        await sleep(pollMilliseconds, undefined, { signal }).catch(() => {})
      }
    } catch (error) {
      if (from === null || !isLoss(error)) throw error
      options.onLost?.(error)
      await sleep(reconnectMilliseconds, undefined, { signal }).catch(() => {})
    } finally {
      await sql.end({ timeout: 1 })
    }
  }
}

function openReader(url: string): postgres.Sql {
  return postgres(url, {
    max: 1,
    connect_timeout: 5,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: 'adapt events tail', default_transaction_read_only: true },
  })
}

async function momentAgo(sql: postgres.Sql, seconds: number, notBefore?: Moment): Promise<Moment> {
  const [moment] = await sql<Moment[]>`
    select m::text as text, m as date
    from greatest(now() - make_interval(secs => ${seconds}), ${notBefore?.text ?? null}::timestamptz) m`
  return moment!
}

async function* rowsSince(sql: postgres.Sql, from: Moment): AsyncIterable<Row> {
  let after = { at: from.text, place: '' }
  for (;;) {
    const rows: Row[] = await sql<Row[]>`
      select * from (
        select data #>> '{attributes,message_id}' as id, data #>> '{attributes,event_type}' as type,
          created_on::text as at, created_on as date, 'a' || id::text as place, data ->> 'body' as body
        from pgboss.job where (name like 'push.%' or name like 'ordered.%') and created_on >= ${after.at}::timestamptz
        union all
        select id, attributes ->> 'event_type', published_at::text, published_at, 'b' || id, body
        from unheard_events where published_at >= ${after.at}::timestamptz
      ) e
      where (date, place) > (${after.at}::timestamptz, ${after.place})
      order by date, place limit ${pageSize}`
    yield* rows
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = last
  }
}

function toEvent({ id, type, date, body }: Row): PublishedEvent {
  return { id, type, publishedAt: date.toISOString(), envelope: parse(body) }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

/** What was told already: an event comes once for each subscription, and again with each look that overlaps. */
class SeenEvents {
  readonly #dates = new Map<string, Date>()

  isNew({ id, date }: Row): boolean {
    if (this.#dates.has(id)) return false
    this.#dates.set(id, date)
    return true
  }

  /** A copy of the same event may have been stored by another statement, a moment later. */
  forgetBefore({ date }: Moment): void {
    const before = date.getTime() - 2 * overlapSeconds * 1000
    for (const [id, at] of this.#dates) if (at.getTime() < before) this.#dates.delete(id)
  }
}

/** The server is gone, going, or not there yet; anything else is a mistake that waiting doesn't cure. */
function isLoss(error: unknown): boolean {
  const { code = '' } = error as { code?: string }
  return /^(ECONN|EPIPE|ETIMEDOUT|CONNECT|CONNECTION_|57P0|08|53300)/.test(code)
}
