import { type FlagSetting, isFlagOn } from '#shared/domain/flags/evaluate.ts'
import { loadFlagSettings } from '#shared/domain/flags/flags.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { type Database, nobody } from '#shared/platform/database/index.ts'
import type { Logger } from './log.ts'

export interface FlagCacheOptions {
  database: Database
  log: Logger
  now: () => Date
}

/** What is older is read again. */
const freshMilliseconds = 60_000
const minimumBackoffMilliseconds = 1_000

/**
 * Feature flags in memory. A change is seen within a minute of use; while the flags are read again, or can't be, what
 * was read last counts.
 */
export class FlagCache {
  readonly #database: Database
  readonly #log: Logger
  readonly #now: () => Date
  #flags: ReadonlyMap<string, FlagSetting> | null = null
  #readAt = Number.NEGATIVE_INFINITY
  #retryAt = Number.NEGATIVE_INFINITY
  #failures = 0
  #reading: Promise<void> | null = null

  constructor({ database, log, now }: FlagCacheOptions) {
    this.#database = database
    this.#log = log
    this.#now = now
  }

  /**
   * Whether a flag is on for an organization. Never fails: off when flags could never be read.
   * @param key unknown ones are off
   * @param orgId null outside of every organization
   * @param sql of the caller's transaction, who else would hold one connection while waiting for another
   */
  async isEnabled(key: string, orgId: string | null, sql?: Sql): Promise<boolean> {
    const now = this.#now().getTime()
    // A clock that was set back makes them look younger than they are.
    const isStale = Math.abs(now - this.#readAt) >= freshMilliseconds
    if (isStale && now >= this.#retryAt) {
      if (this.#flags) void this.#read()
      else await this.#read(sql)
    }
    return isFlagOn(this.#flags?.get(key), orgId)
  }

  #read(sql?: Sql): Promise<void> {
    this.#reading ??= this.#load(sql).finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #load(sql: Sql | undefined): Promise<void> {
    const startedAt = this.#now().getTime()
    try {
      const flags = await (sql
        ? loadFlagSettings(sql)
        : this.#database.transaction(nobody, loadFlagSettings, { readOnly: true }))
      this.#flags = new Map(flags.map((flag) => [flag.key, flag]))
      this.#readAt = startedAt
      this.#failures = 0
    } catch (error) {
      const backoff = Math.min(minimumBackoffMilliseconds * 2 ** this.#failures, freshMilliseconds)
      this.#failures++
      this.#retryAt = this.#now().getTime() + backoff
      const counts = this.#flags ? 'what was read last counts' : 'all are off'
      if (this.#failures === 1) this.#log.warn(`feature flags can not be read: ${counts}`, { error })
    }
  }
}
