import type { Sql } from '../../../sql.ts'

/** What breaks an invariant: paise, counts or words, whichever are at odds. */
export interface Violation {
  subject: string
  org_id: string | null
  expected: string | null
  found: string | null
}

/** Something that holds after every commit, whatever was delivered, lost or repeated. */
export interface Invariant {
  name: string
  /** What holds, in a sentence for whoever reads that it doesn't. */
  says: string
  /** A few of those that break it; asked in system scope, in one statement, so that all it sees is of one moment. */
  violations(sql: Sql, now: Date): PromiseLike<Violation[]>
}

/** Enough to see what is wrong; the rest is the same or will be seen the next time. */
export const mostViolations = 20
