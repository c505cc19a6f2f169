import * as v from 'valibot'
import type { IndicatorType } from '../extraction/types.ts'
import { Id } from '../ids.ts'
import { taskType } from '../messaging.ts'
import type { Json, Sql } from '../sql.ts'
import { lifetimeDays } from './confidence.ts'

/** Scores the next indicators of an organization anew, those after an id, and enqueues itself until none are left. */
export const rescoreIndicators = taskType(
  'long-running',
  'indicators-rescore',
  v.strictObject({ after: v.nullable(Id) }),
)

/** Rows of one transaction. */
const batchRows = 5000

/**
 * Days in which the confidence in an indicator of a type halves: half of its lifetime, so that at the end of it, a quarter
 * is left.
 */
export function halfLifeDays(type: IndicatorType): number {
  return lifetimeDays[type] / 2
}

/**
 * The confidence (0 to 100) in an indicator so many days after it was last seen: exponential decay, c · 2^(−t/h). It is as
 * sure as ever again when it is seen again.
 */
export function decayed(confidence: number, type: IndicatorType, daysSinceSeen: number): number {
  return Math.round(confidence * 2 ** (-Math.max(0, daysSinceSeen) / halfLifeDays(type)))
}

/** The same in SQL. */
export function scoreOf(
  sql: Sql,
  indicator: { confidence: ReturnType<Sql>; type: ReturnType<Sql>; lastSeen: ReturnType<Sql> },
) {
  const { confidence, type, lastSeen } = indicator
  const daysSinceSeen = sql`greatest(0, extract(epoch from now() - (${lastSeen})))::float8 / 86400`
  const lifetime = sql`(${sql.json(lifetimeDays as unknown as Json)}::jsonb ->> (${type}))::float8`
  // A type that is no longer known does not decay.
  return sql`round(((${confidence}) * power(2, coalesce(-2 * ${daysSinceSeen} / ${lifetime}, 0)))::numeric)::smallint`
}

/** The organizations that know indicators. */
export function listOrganizationsToRescore(sql: Sql): Promise<{ id: string }[]> {
  return sql<{ id: string }[]>`select id from organizations where deleting_at is null order by id`
}

/**
 * Scores the next indicators of an organization anew. Those that are being derived at this moment get their score there.
 * @param after the last id of the batch before; null at the beginning
 * @returns the last id of this batch, or null when there are no more
 */
export async function rescoreBatch(sql: Sql, orgId: string, after: string | null): Promise<string | null> {
  const [last] = await sql<{ id: string | null; count: number }[]>`
    select max(id::text) as id, count(*)::integer as count from (
      select id from indicators where org_id = ${orgId} and id > ${after ?? zero} order by id limit ${batchRows}) b`
  if (!last?.id) return null
  const score = scoreOf(sql, { confidence: sql`confidence`, type: sql`type`, lastSeen: sql`last_seen` })
  await sql`
    with due as (
      select id, ${score} as score from indicators
      where org_id = ${orgId} and id > ${after ?? zero} and id <= ${last.id} and score <> ${score}
      order by id for no key update skip locked
    )
    update indicators i set score = d.score from due d where i.id = d.id`
  return last.count < batchRows ? null : last.id
}

const zero = '00000000-0000-0000-0000-000000000000'
