import type { Sql } from '#shared/domain/sql.ts'

const resolutionMilliseconds = 60_000
/** Of one flush; the rest waits for the next. */
const maximumRows = 1_000

/**
 * Remembers when API keys were used, so that using one costs no write. What reaches the database is exact to a minute,
 * and what a killed process had not flushed is lost, as is what is rolled back after a flush.
 */
export class LastUse {
  readonly #pending = new Map<string, number>()
  /** What the database has, as far as this process wrote it in the last minute. */
  readonly #written = new Map<string, number>()

  note(keyId: string, at: Date): void {
    const time = at.getTime()
    if (time - (this.#written.get(keyId) ?? Number.NEGATIVE_INFINITY) < resolutionMilliseconds) return
    if (time > (this.#pending.get(keyId) ?? Number.NEGATIVE_INFINITY)) this.#pending.set(keyId, time)
  }

  /** Whether a flush has anything to write. */
  get isEmpty(): boolean {
    return this.#pending.size === 0
  }

  /**
   * Writes what was noted, in one statement: at most once a minute for each key, however many processes do.
   * @param sql of a transaction in the runtime's own scope
   */
  async flush(sql: Sql): Promise<void> {
    const batch = [...this.#pending].slice(0, maximumRows)
    if (batch.length === 0) return
    const rows = batch.map(([id, time]) => ({ id, at: new Date(time).toISOString() }))
    // A row that somebody else holds is being used, rotated or revoked just now: never waited for, hence no deadlock.
    await sql`
      with used as (select u.id, u.at from jsonb_to_recordset(${sql.json(rows)}) as u (id uuid, at timestamptz)),
      due as (
        select k.id, used.at from api_keys k join used on used.id = k.id
        where k.last_used_at is null or k.last_used_at <= used.at - interval '1 minute'
        for no key update of k skip locked
      )
      update api_keys k set last_used_at = due.at from due where k.id = due.id`
    for (const [id, time] of batch) {
      if (this.#pending.get(id) === time) this.#pending.delete(id)
      this.#written.set(id, time)
    }
    const newest = Math.max(...this.#written.values())
    for (const [id, time] of this.#written) {
      if (newest - time >= resolutionMilliseconds) this.#written.delete(id)
    }
  }
}
