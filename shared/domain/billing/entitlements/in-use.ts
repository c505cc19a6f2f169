import { endOfMonth, monthOf } from '../../costs/months.ts'
import type { Sql } from '../../sql.ts'
import { readMeters } from './meters.ts'
import { type EntitledAt, readEntitlement } from './read.ts'
import { indicatorsKept } from './require.ts'
import type { EntitlementInUse } from './schemas.ts'
import { seatsTaken } from './seats.ts'

/** What an organization may use at a moment, and what of it is used. */
export async function readEntitlementInUse(sql: Sql, asked: EntitledAt): Promise<EntitlementInUse> {
  const { orgId, at } = asked
  const month = monthOf(at)
  const entitlement = await readEntitlement(sql, asked)
  const [kept] = await sql<{ seats: number; indicators: number }[]>`
    select (${seatsTaken(sql, asked)}) as seats, ${indicatorsKept(sql, orgId)} as indicators`
  const used = { ...kept!, ...(await readMeters(sql, asked)) }
  return { ...entitlement, used, month, resets_at: endOfMonth(month) }
}
