import { newId } from '../../ids.ts'
import type { Sql } from '../../sql.ts'
import { checkInvariants, type InvariantResult, invariants } from './invariants.ts'
import type { BooksCheck } from './schemas.ts'

/** So long it can be seen what held when. */
const keptDays = 400

const sayings = new Map(invariants.map(({ name, says }) => [name, says]))

/** Looks through the books of all organizations now; in system scope. */
export async function checkBooks(sql: Sql, now: Date): Promise<BooksCheck> {
  return reportOf(now.toISOString(), await checkInvariants(sql, now))
}

/** Keeps what a look found, and forgets those of long ago. */
export async function storeCheck(sql: Sql, { checked_at, invariants: found }: BooksCheck): Promise<void> {
  const rows = found.map(({ invariant, holds, violations }) => ({ id: newId(), invariant, holds, violations }))
  await sql`
    insert into billing_checks (id, checked_at, invariant, holds, violations)
    select id, ${checked_at}, invariant, holds, violations
    from jsonb_to_recordset(${sql.json(rows)}) as one (id uuid, invariant text, holds boolean, violations jsonb)`
  await sql`delete from billing_checks where checked_at < ${checked_at}::timestamptz - make_interval(days => ${keptDays})`
}

/** What the last look that was kept has found; null before the first. */
export async function readLastCheck(sql: Sql): Promise<BooksCheck | null> {
  const rows = await sql<(InvariantResult & { checked_at: string })[]>`
    select checked_at, invariant, holds, violations from billing_checks
    where checked_at = (select max(checked_at) from billing_checks)`
  return rows[0] ? reportOf(rows[0].checked_at, rows) : null
}

/** In the order in which they are written down; what is asked no more has no saying. */
function reportOf(checkedAt: string, results: readonly InvariantResult[]): BooksCheck {
  const order = [...sayings.keys()]
  return {
    checked_at: checkedAt,
    holds: results.every(({ holds }) => holds),
    invariants: results
      .map(({ invariant, holds, violations }) => ({
        invariant,
        says: sayings.get(invariant) ?? invariant,
        holds,
        violations,
      }))
      .toSorted((one, other) => order.indexOf(one.invariant) - order.indexOf(other.invariant)),
  }
}
