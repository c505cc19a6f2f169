import type { Sql } from '../sql.ts'
import type { BudgetDefaults } from './money.ts'
import { bookEndings, type Ending } from './settle.ts'

/**
 * No call takes longer: the longest deadline of a function is 30 minutes, and with it ends whatever it waits for. After this
 * a reservation belongs to a process that is gone.
 */
export const longestCallMinutes = 35

/** For so many days an ended reservation is kept, so that whoever comes late with what it cost is heard. */
const keptDays = 60

/** Reservations of one look; the next one, a minute later, takes what is left. */
const batch = 500

export interface SweepOptions extends BudgetDefaults {
  sql: Sql
  /** Makes the rest of the transaction work inside an organization. */
  enter(orgId: string): Promise<void>
  now: Date
}

/**
 * Books lost calls, those of which nothing was heard for longer than a call can take, at their worst case: whether the
 * provider has charged for them nobody knows.
 * @returns how many were booked
 */
export async function bookLostCalls(options: SweepOptions): Promise<number> {
  const { sql, enter, now } = options
  const before = new Date(now.getTime() - longestCallMinutes * 60_000)
  const stale = await sql<{ id: string; org_id: string }[]>`
    select id, org_id from cost_reservations
    where state = 'reserved' and reserved_at < ${before}
    order by reserved_at limit ${batch}`
  // One organization after the other, always in the same order: a row of one never waits for a row of another.
  const organizations = [...Map.groupBy(stale, ({ org_id }) => org_id)].sort(([a], [b]) => (a < b ? -1 : 1))
  let booked = 0
  for (const [orgId, rows] of organizations) {
    await enter(orgId)
    booked += await bookEndings(sql, rows.map(lost), now, options)
  }
  return booked
}

function lost({ id }: { id: string }): Ending {
  const usage = { input: 0, cachedInput: 0, output: 0, thinking: 0 }
  const unknown = { costMicrodollars: null, usage, estimated: true, milliseconds: 0, failure: null, artifactKey: null }
  return { id, state: 'lost', finish: 'lost', ...unknown }
}

/** Forgets reservations that ended long ago; their calls stay in the log. Returns how many. */
export async function forgetReservations(sql: Sql, now: Date): Promise<number> {
  const before = new Date(now.getTime() - keptDays * 86_400_000)
  const { count } = await sql`
    delete from cost_reservations where id in (
      select id from cost_reservations where state <> 'reserved' and ended_at < ${before}
      order by ended_at limit ${batch})`
  return count
}
