import { AppError } from '../../errors.ts'
import type { Sql } from '../../sql.ts'

interface Asked {
  orgId: string
  at: Date
}

/** The contract that operators have made with an organization, if it holds at a moment; `until` null: without an end. */
export async function findContract(sql: Sql, { orgId, at }: Asked): Promise<{ until: string | null } | null> {
  const [contract] = await sql<{ until: string | null }[]>`
    select until from entitlements
    where org_id = ${orgId} and by_contract and (until is null or until > ${at.toISOString()}::timestamptz)`
  return contract ?? null
}

/**
 * Makes sure that nobody pays for a plan that would give nothing: as long as a contract holds, its terms do.
 * @throws AppError CONFLICT
 */
export async function refuseUnderContract(sql: Sql, asked: Asked): Promise<void> {
  const contract = await findContract(sql, asked)
  if (!contract) return
  const end = contract.until === null ? 'until further notice' : `until ${contract.until}`
  throw new AppError(
    'CONFLICT',
    `A contract gives this organization its plan ${end}; nothing is bought beside it: ask the operators to change it`,
  )
}
