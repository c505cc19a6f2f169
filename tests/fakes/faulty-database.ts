import type { Database } from '#shared/platform/database/index.ts'
import { PlatformError } from '#shared/platform/errors.ts'

/** A real database whose transactions fail when told to: before anything is done, or after all is committed. */
export class FaultyDatabase implements Database {
  failure: 'before' | 'after' | null = null
  /** Transactions so far, and at most at the same time. */
  transactions = 0
  atOnce = 0
  #running = 0
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  transaction: Database['transaction'] = async (...parameters) => {
    this.transactions++
    this.atOnce = Math.max(this.atOnce, ++this.#running)
    const { failure } = this
    try {
      if (failure === 'before') throw new PlatformError('CONNECTION_LOST', 'down')
      const result = await this.#database.transaction(...parameters)
      if (failure === 'after') throw new PlatformError('CONNECTION_LOST', 'timed out')
      return result
    } finally {
      this.#running--
    }
  }

  connect(): void {
    this.#database.connect()
  }

  async close(): Promise<void> {}
}
