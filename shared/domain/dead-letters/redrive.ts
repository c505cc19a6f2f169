import { v5 } from 'uuid'
import * as v from 'valibot'
import { startProcessing } from '../documents/documents.ts'
import { validateDocument } from '../documents/messages.ts'
import { DocumentStep } from '../documents/schemas.ts'
import { AppError, notFound } from '../errors.ts'
import { type Enqueue, Envelope } from '../messaging.ts'
import type { Json, Sql } from '../sql.ts'
import { summaryColumns } from './dead-letters.ts'
import { remedies } from './remedies.ts'
import type { DeadLetterSummary } from './schemas.ts'

/** Letters of one call: their messages go into one transaction. */
export const redriveLimit = 100

export interface RedriveContext {
  sql: Sql
  enqueue: Enqueue
  /** The organization whose letters they are, and who sends them again. */
  orgId: string
  userId: string
}

interface LockedLetter {
  id: string
  consumer: string
  queue: string
  message_id: string
  body: unknown
  error: { code: string }
  status: DeadLetterSummary['status']
  redrives: number
}

const lockedColumns = ['id', 'consumer', 'queue', 'message_id', 'body', 'error', 'status', 'redrives']

/**
 * Sends a message that was given up again, to the function that gave it up and to no other. Whoever comes second waits
 * for the first, and is then told that it has been sent.
 * @throws AppError NOT_FOUND, or CONFLICT when it can't be sent again, with the reason
 */
export async function redrive(context: RedriveContext, id: string): Promise<DeadLetterSummary> {
  const { sql } = context
  const [letter] = await sql<LockedLetter[]>`select ${sql(lockedColumns)} from dead_letters where id = ${id} for update`
  if (!letter) throw notFound('Dead letter')
  return redriveLocked(context, letter)
}

export interface Redriven {
  redriven: DeadLetterSummary[]
  /** What could not be sent again, and why; it stays open. */
  refused: { dead_letter_id: string; message: string }[]
}

/** The same for the open letters of one function, the oldest first; those that somebody else is at are left to them. */
export async function redriveMany(context: RedriveContext, consumer: string): Promise<Redriven> {
  const { sql } = context
  const letters = await sql<LockedLetter[]>`
    select ${sql(lockedColumns)} from dead_letters
    where consumer = ${consumer} and status = 'open'
    order by id limit ${redriveLimit} for update skip locked`
  const answer: Redriven = { redriven: [], refused: [] }
  for (const letter of letters) {
    try {
      answer.redriven.push(await redriveLocked(context, letter))
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'CONFLICT') throw error
      answer.refused.push({ dead_letter_id: letter.id, message: error.message })
    }
  }
  return answer
}

async function redriveLocked(context: RedriveContext, letter: LockedLetter): Promise<DeadLetterSummary> {
  if (letter.status === 'redriven') throw new AppError('CONFLICT', 'The message has been sent again already')
  if (letter.status === 'discarded') throw new AppError('CONFLICT', 'The dead letter has been discarded')
  const { success, output: envelope } = v.safeParse(Envelope, letter.body)
  if (!success || envelope.org_id !== context.orgId) {
    throw new AppError('CONFLICT', 'The message is not in a form that can be sent again')
  }
  const remedy = remedies.get(letter.consumer) ?? 'send'
  if (typeof remedy === 'object') throw new AppError('CONFLICT', remedy.refusal)
  if (remedy === 'send') await sendAgain(context, letter, envelope)
  else await reprocessDocument(context, envelope.payload)
  const { sql } = context
  const [redriven] = await sql<DeadLetterSummary[]>`
    update dead_letters
    set status = 'redriven', redrives = redrives + 1, redrive_id = ${messageIdOf(letter)}, redriven_at = now(),
      resolved_by = ${context.userId}
    where id = ${letter.id}
    returning ${sql(summaryColumns)}`
  return redriven!
}

/**
 * The inbox knows the message by the id that it was given up under, so it needs another one: always the same one for this
 * letter and the number of times it was sent again.
 */
function messageIdOf({ id, redrives }: LockedLetter): string {
  return v5(String(redrives + 1), id)
}

/**
 * Puts the message into the outbox as a task of the one function, an event too: published once more, it would reach every
 * subscriber of its topic. The sweeper sends it, which may send to every function; who answers requests may not.
 */
async function sendAgain({ sql, orgId }: RedriveContext, letter: LockedLetter, envelope: Envelope): Promise<void> {
  await closeInbox(sql, letter)
  const id = messageIdOf(letter)
  await sql`
    insert into outbox (id, org_id, kind, target, queue, body)
    values (${id}, ${orgId}, 'task', ${letter.consumer}, ${letter.queue}, ${sql.json({ ...envelope, id } as Json)})`
}

/**
 * What a function gave up itself, its inbox holds. What its subscription gave up, because it never answered, it may have
 * done all the same, or be about to.
 * @throws AppError CONFLICT when it was done
 */
async function closeInbox(sql: Sql, letter: LockedLetter): Promise<void> {
  const { count } = await sql`
    insert into processed_messages (consumer, message_id) values (${letter.consumer}, ${letter.message_id})
    on conflict do nothing`
  if (count === 0 && letter.redrives === 0 && letter.error.code === 'NOT_ACKNOWLEDGED') {
    throw new AppError('CONFLICT', 'The message has been dealt with all the same; discard the dead letter')
  }
}

/** The document has ended as failed, with its job: the whole of its pipeline runs again, under a new job. */
async function reprocessDocument({ sql, enqueue, orgId, userId }: RedriveContext, payload: unknown): Promise<void> {
  const step = v.safeParse(DocumentStep, payload)
  const [document] = step.success
    ? await sql<{ id: string }[]>`
        select id from documents
        where id = ${step.output.document_id} and job_id = ${step.output.job_id} and status = 'failed'
        for no key update`
    : []
  if (!document) {
    throw new AppError('CONFLICT', 'The document is gone, or has been processed again since; discard the dead letter')
  }
  const { job_id } = await startProcessing(sql, {
    documentId: document.id,
    orgId,
    startedBy: userId,
    from: ['failed'],
  })
  await enqueue(validateDocument, { document_id: document.id, job_id: job_id ?? '' })
}
