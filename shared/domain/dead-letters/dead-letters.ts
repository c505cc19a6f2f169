import { AppError, notFound } from '../errors.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { DeadLetterDetail, DeadLetterSummary } from './schemas.ts'

export const summaryColumns = [
  'id',
  'kind',
  'consumer',
  'message_id',
  'attempts',
  'error',
  'status',
  'redrives',
  'redriven_at',
  'discarded_at',
  'resolved_by',
  'created_at',
]

export interface DeadLetterFilter {
  consumer?: string | undefined
  kind?: DeadLetterSummary['kind'] | undefined
  status?: DeadLetterSummary['status'] | undefined
}

/** The dead letters of the caller's organization, newest first. */
export function listDeadLetters(sql: Sql, filter: DeadLetterFilter, page: Page): Promise<DeadLetterSummary[]> {
  return sql<DeadLetterSummary[]>`
    select ${sql(summaryColumns)} from dead_letters
    where id < ${page.before ?? endOfIds}
      ${filter.consumer === undefined ? sql`` : sql`and consumer = ${filter.consumer}`}
      ${filter.kind === undefined ? sql`` : sql`and kind = ${filter.kind}`}
      ${filter.status === undefined ? sql`` : sql`and status = ${filter.status}`}
    order by id desc
    limit ${page.size + 1}`
}

/** @throws AppError NOT_FOUND */
export async function readDeadLetter(sql: Sql, id: string): Promise<DeadLetterDetail> {
  const [letter] = await sql<DeadLetterDetail[]>`
    select ${sql(summaryColumns)}, body from dead_letters where id = ${id}`
  if (!letter) throw notFound('Dead letter')
  return letter
}

/**
 * Says that a message shall not be sent again; the letter stays, without what the message said.
 * @throws AppError NOT_FOUND, or CONFLICT when it is discarded already
 */
export async function discardDeadLetter(sql: Sql, id: string, userId: string): Promise<void> {
  const [letter] = await sql<{ status: string }[]>`select status from dead_letters where id = ${id} for update`
  if (!letter) throw notFound('Dead letter')
  if (letter.status === 'discarded') throw new AppError('CONFLICT', 'The dead letter has been discarded already')
  await sql`
    update dead_letters
    set status = 'discarded', discarded_at = now(), resolved_by = ${userId}, body = 'null'
    where id = ${id}`
}
