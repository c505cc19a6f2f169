import type { Sql } from '../../sql.ts'
import { books } from './invariants/books.ts'
import type { Invariant, Violation } from './invariants/invariant.ts'
import { receipts } from './invariants/receipts.ts'
import { sales } from './invariants/sales.ts'

export type { Invariant, Violation }

/** All that must hold of the money, whatever happens. */
export const invariants: readonly Invariant[] = [...books, ...receipts, ...sales]

export interface InvariantResult {
  invariant: string
  holds: boolean
  /** A few of what breaks it. */
  violations: Violation[]
}

/** Looks through the books of all organizations; in system scope. */
export async function checkInvariants(sql: Sql, now: Date): Promise<InvariantResult[]> {
  const results: InvariantResult[] = []
  for (const { name, violations } of invariants) {
    const found = await violations(sql, now)
    results.push({ invariant: name, holds: found.length === 0, violations: [...found] })
  }
  return results
}
