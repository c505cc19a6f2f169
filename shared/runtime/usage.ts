import type { Sql } from '#shared/domain/sql.ts'
import { type UsageEntry, type UsageRow, usageRow, writeUsage } from '#shared/domain/usage/record.ts'
import { type Database, system } from '#shared/platform/database/index.ts'
import type { Logger } from './log.ts'

export type { UsageEntry }

/** What else is collected in memory and written now and then, in the usage log's transactions. */
export interface Companion {
  readonly isEmpty: boolean
  /** @param sql of a transaction in the runtime's own scope */
  flush(sql: Sql): Promise<void>
}

export interface UsageLogOptions {
  database: Database
  log: Logger
  /** Calls back once after this time; what it returns cancels that. */
  startTimer?: (milliseconds: number, callback: () => void) => () => void
}

/** So many entries are worth a statement. */
const batchSize = 200
/** An entry waits no longer than this for others, while the process is given processor time. */
const delayMilliseconds = 2_000
/** Rows of one statement. */
const maximumRows = 500
/** More than these are not kept for a database that can't be reached: the oldest go. */
const maximumWaiting = 10_000
const maximumBackoffMilliseconds = 60_000

/**
 * Collects what the requests of this process were and writes them down in the background, so that no request waits for
 * it or fails by it. What a killed process had not written is lost.
 */
export class UsageLog {
  readonly #database: Database
  readonly #log: Logger
  readonly #startTimer: NonNullable<UsageLogOptions['startTimer']>
  readonly #companions: Companion[] = []
  #waiting: UsageEntry[] = []
  /** What could not be written, or not for sure; tried again as it is. */
  #unwritten: UsageRow[] = []
  #writing: Promise<void> | null = null
  #cancelTimer: (() => void) | null = null
  #failures = 0
  #dropped = 0
  #isClosed = false

  constructor({ database, log, startTimer: start = startTimer }: UsageLogOptions) {
    this.#database = database
    this.#log = log
    this.#startTimer = start
  }

  /** Has something else written together with the log. */
  attach(companion: Companion): void {
    this.#companions.push(companion)
  }

  /** Notes an answered request; costs next to nothing. */
  record(entry: UsageEntry): void {
    const length = this.#waiting.push(entry)
    if (length >= batchSize || this.#isOverdue(entry)) this.#writeUnlessFailing()
    if (this.#cancelTimer === null) this.#plan()
    if (length > maximumWaiting) this.#dropOldest()
  }

  /** Writes what is there by now, if the database takes it; otherwise it is kept. */
  async flush(): Promise<void> {
    await this.#writing
    await this.#write(this.#waiting.length + this.#unwritten.length)
  }

  /** Writes what is left, with one attempt; says what is lost if that fails. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer?.()
    await this.flush()
    const lost = this.#waiting.length + this.#unwritten.length
    if (lost > 0) this.#log.warn('usage entries are lost', { entries: lost })
  }

  /** Where processors are lent per request, timers stand still between requests: then the next one notices. */
  #isOverdue(entry: UsageEntry): boolean {
    return entry.at.getTime() - this.#waiting[0]!.at.getTime() >= delayMilliseconds
  }

  #writeUnlessFailing(): void {
    if (this.#failures === 0) void this.#write()
  }

  #plan(): void {
    if (this.#isClosed || this.#writing || this.#isEmpty) return
    const backoff = delayMilliseconds * 2 ** Math.max(0, this.#failures - 1)
    this.#cancelTimer = this.#startTimer(Math.min(backoff, maximumBackoffMilliseconds), () => {
      this.#cancelTimer = null
      void this.#write()
    })
  }

  get #isEmpty(): boolean {
    const { length } = this.#waiting
    return length === 0 && this.#unwritten.length === 0 && this.#companions.every(({ isEmpty }) => isEmpty)
  }

  #write(atLeast = 0): Promise<void> {
    this.#writing ??= this.#writeBatches(atLeast).finally(() => {
      this.#writing = null
      this.#cancelTimer?.()
      this.#cancelTimer = null
      this.#plan()
    })
    return this.#writing
  }

  /** One batch after the other, on one connection; what came while the last was written waits for company. */
  async #writeBatches(atLeast: number): Promise<void> {
    let due = atLeast
    do {
      if (this.#isEmpty) return
      const rows = this.#unwritten.length > 0 ? this.#unwritten : this.#waiting.splice(0, maximumRows).map(usageRow)
      this.#unwritten = []
      try {
        await this.#database.transaction(system, async (sql) => {
          if (rows.length > 0) await writeUsage(sql, rows)
          for (const companion of this.#companions) if (!companion.isEmpty) await companion.flush(sql)
        })
        due -= rows.length
        this.#succeeded()
      } catch (error) {
        this.#failed(rows, error)
        return
      }
    } while (due > 0 || this.#waiting.length >= batchSize)
  }

  #succeeded(): void {
    this.#failures = 0
    if (this.#dropped > 0)
      this.#log.warn('usage entries were dropped while they could not be written', { entries: this.#dropped })
    this.#dropped = 0
  }

  #failed(rows: UsageRow[], error: unknown): void {
    this.#failures++
    if (isRefused(error)) {
      this.#log.error('usage entries were refused by the database and are lost', { entries: rows.length, error })
      return
    }
    this.#unwritten = rows
    if (this.#failures === 1) this.#log.warn('usage can not be written; it is kept and tried again', { error })
  }

  #dropOldest(): void {
    const oldest = this.#unwritten.length > 0 ? this.#unwritten : this.#waiting
    this.#dropped += oldest.splice(0, batchSize).length
  }
}

/** Data that no repetition can make good (SQLSTATE classes 22 and 23): it must not stand in the way of what follows. */
function isRefused(error: unknown): boolean {
  const code: unknown = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^2[23]\w{3}$/.test(code)
}

function startTimer(milliseconds: number, callback: () => void): () => void {
  const timer = setTimeout(callback, milliseconds)
  // A process that has nothing else to do may end.
  timer.unref()
  return () => clearTimeout(timer)
}
