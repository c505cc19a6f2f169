import postgres from 'postgres'
import { PlatformError } from '../errors.ts'
import { ensureSchema } from './ensure-schema.ts'
import { assertWhole, expiryOf, textOf, validKey } from './entry-rules.ts'
import type { StateStore } from './index.ts'

/**
 * `unlogged`: not written to the log, so twice as fast, and emptied by PostgreSQL after a crash, as the port allows.
 * `fillfactor` leaves room for counters to be updated in place.
 */
const schema = `
  create unlogged table if not exists state.entries (
    key text primary key,
    value text not null,
    version uuid not null default gen_random_uuid(),
    expires_at timestamptz not null
  ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
  create index if not exists entries_by_expiry on state.entries (expires_at);
`

const pruneBatch = 1_000

export interface LocalState extends StateStore {
  /** Removes what has expired and returns how many entries that were; happens by itself every minute. */
  prune(): Promise<number>
  close(): Promise<void>
}

/**
 * Opens the state store of the embedded cloud: one table of its database. Every method is one statement.
 *
 * @param options.databaseUrl - the embedded cloud's database.
 * @param options.onError - told when pruning failed; the next minute tries again.
 */
export async function createLocalState(options: {
  databaseUrl: string
  now?: () => Date
  pruneIntervalSeconds?: number
  onError?: (error: unknown) => void
}): Promise<LocalState> {
  const { now = () => new Date(), pruneIntervalSeconds = 60, onError = console.error } = options
  const sql = postgres(options.databaseUrl, {
    max: 4,
    idle_timeout: 60,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: 'state' },
  })
  try {
    await ensureSchema(sql, 'state', schema)
  } catch (error) {
    await sql.end({ timeout: 1 })
    throw unavailable(error)
  }

  async function prune(): Promise<number> {
    const at = now()
    let removed = 0
    for (;;) {
      // Rows that somebody is just writing are skipped: they are no longer expired, or go next time.
      const { count } = await sql`
        delete from state.entries where key in (
          select key from state.entries where expires_at <= ${at} limit ${pruneBatch} for update skip locked
        ) and expires_at <= ${at}`
      removed += count
      if (count < pruneBatch) return removed
    }
  }
  const pruning = setInterval(() => void prune().catch(onError), pruneIntervalSeconds * 1000).unref()

  return {
    async read(key) {
      const [row] = await run(sql`
        select value, version::text from state.entries where key = ${validKey(key)} and expires_at > ${now()}`)
      return row ? { value: JSON.parse(row.value), version: row.version } : null
    },

    async write(key, value, { ttlSeconds, ifVersion }) {
      const text = textOf(value)
      const at = now()
      const expiresAt = expiryOf(at, ttlSeconds)
      if (typeof ifVersion === 'string') {
        const { count } = await run(sql`
          update state.entries set value = ${text}, version = gen_random_uuid(), expires_at = ${expiresAt}
          where key = ${validKey(key)} and version::text = ${ifVersion} and expires_at > ${at}`)
        return count === 1
      }
      const { count } = await run(sql`
        insert into state.entries as e (key, value, expires_at) values (${validKey(key)}, ${text}, ${expiresAt})
        on conflict (key) do update
        set value = excluded.value, version = gen_random_uuid(), expires_at = excluded.expires_at
        where ${ifVersion === undefined} or e.expires_at <= ${at}`)
      return count === 1
    },

    async add(key, amount, { ttlSeconds }) {
      assertWhole(amount)
      const at = now()
      const [row] = await run(sql`
        insert into state.entries as e (key, value, expires_at)
        values (${validKey(key)}, ${String(amount)}, ${expiryOf(at, ttlSeconds)})
        on conflict (key) do update set
          value = case when e.expires_at > ${at} then (e.value::bigint + excluded.value::bigint)::text else excluded.value end,
          expires_at = case when e.expires_at > ${at} then e.expires_at else excluded.expires_at end,
          version = gen_random_uuid()
        returning value`)
      return Number(row?.value)
    },

    async remove(key) {
      await run(sql`delete from state.entries where key = ${validKey(key)}`)
    },

    prune,
    async close() {
      clearInterval(pruning)
      await sql.end({ timeout: 2 })
    },
  }
}

async function run<Result>(query: PromiseLike<Result>): Promise<Result> {
  try {
    return await query
  } catch (error) {
    throw unavailable(error)
  }
}

function unavailable(error: unknown): PlatformError {
  const code = error instanceof postgres.PostgresError ? error.code : ''
  // Not a whole number, or one too large.
  if (code === '22P02' || code === '22003') {
    return new PlatformError('INVALID_ARGUMENT', 'the value under this key is no counter, or it would overflow', {
      cause: error,
    })
  }
  return new PlatformError('UNAVAILABLE', 'the state store is unavailable', { cause: error })
}
