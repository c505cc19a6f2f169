import { openStep } from '../documents/documents.ts'
import { cancelStep, failStep, type StepContext } from '../documents/steps.ts'
import { AppError } from '../errors.ts'
import { failExport } from '../exports/exports.ts'
import { readJob } from './jobs.ts'
import type { Job } from './schemas.ts'

export interface EndedBy {
  status: 'failed' | 'cancelled'
  error: { code: string; message: string }
}

/** Kinds of jobs that can be ended from outside. What must be done in the end, as an erasure, is none of them. */
export const endableKinds = ['document.process', 'export.build'] as const

/**
 * Ends a job together with what it works on. Work under way finds that in the transaction of its effects, which begins by
 * locking the same row, and has none.
 * @returns false when the work has ended already
 */
export async function endJob(
  context: StepContext,
  job: Pick<Job, 'id' | 'kind' | 'subject_id'>,
  { status, error }: EndedBy,
): Promise<boolean> {
  const { sql } = context
  const subjectId = job.subject_id ?? ''
  if (job.kind === 'export.build') return failExport(sql, subjectId, job.id, error, status)
  const step = { document_id: subjectId, job_id: job.id }
  if (!(await openStep(sql, step, 'lock'))) return false
  await (status === 'cancelled' ? cancelStep : failStep)(context, step, error)
  return true
}

/**
 * Ends a job because its people want it to end; what it worked on has failed, and can be begun anew.
 * @throws AppError NOT_FOUND, or CONFLICT when it has ended, is about to, or is of a kind that nobody can end
 */
export async function cancelJob(context: StepContext, id: string): Promise<Job> {
  const job = await readJob(context.sql, id)
  if (!(endableKinds as readonly string[]).includes(job.kind)) {
    throw new AppError('CONFLICT', 'Jobs of this kind can not be cancelled')
  }
  const error = { code: 'CANCELLED', message: 'Cancelled' }
  if (job.finished_at !== null || !(await endJob(context, job, { status: 'cancelled', error }))) {
    throw new AppError('CONFLICT', 'The work has ended already')
  }
  return readJob(context.sql, id)
}
