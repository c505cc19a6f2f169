import { openStep, pipelineSteps } from '../documents/documents.ts'
import {
  documentFinished,
  extractIntelligence,
  extractText,
  indexDocument,
  scanDocument,
  validateDocument,
} from '../documents/messages.ts'
import type { StepContext } from '../documents/steps.ts'
import { eraseOrganization, eraseWorkspace } from '../erasure/messages.ts'
import { buildExport } from '../exports/messages.ts'
import { progressJob } from './jobs.ts'
import type { Job } from './schemas.ts'

/** How often work that may be ended is taken up again before it is ended. */
export const revivalLimit = 2

/** Work that somebody was promised to be done: it is taken up again as often as it takes, and never ended. */
export const promisedKinds = ['organization.erase', 'workspace.erase'] as const

/** Tasks and events by which work is taken up again. */
export const revivingMessages = {
  enqueues: [
    validateDocument,
    scanDocument,
    extractText,
    extractIntelligence,
    indexDocument,
    buildExport,
    eraseOrganization,
    eraseWorkspace,
  ],
  publishes: [documentFinished],
}

/** The tasks of the pipeline's steps, in their order. */
const stepTasks = [validateDocument, scanDocument, extractText, extractIntelligence, indexDocument] as const

export type RevivableJob = Pick<Job, 'id' | 'kind' | 'done' | 'subject_id'> & { revivals: number }

/**
 * Takes up work of which nothing was heard for longer than any sender tries: sends the message of the step at which it
 * stands once more, under an id of its own. Every step of it can be repeated; it finds what it works on as it left it.
 * @returns false when it can't be, or was often enough
 */
export async function reviveJob(context: StepContext, job: RevivableJob): Promise<boolean> {
  const isPromised = (promisedKinds as readonly string[]).includes(job.kind)
  if (!isPromised && job.revivals >= revivalLimit) return false
  if (!(await sendAgain(context, job))) return false
  const { sql } = context
  await sql`update jobs set revivals = revivals + 1 where id = ${job.id}`
  await progressJob(sql, job.id, { done: job.done, message: 'Nothing was heard of it for hours; it is taken up again' })
  return true
}

async function sendAgain(context: StepContext, { id: job_id, kind, done, subject_id }: RevivableJob): Promise<boolean> {
  const { sql, enqueue } = context
  const subjectId = subject_id ?? ''
  switch (kind) {
    case 'document.process':
      return sendStepAgain(context, { document_id: subjectId, job_id }, done)
    case 'export.build': {
      const open = await sql`select 1 from exports where id = ${subjectId} and status = 'processing'`
      if (open.length === 0) return false
      await enqueue(buildExport, { export_id: subjectId, job_id })
      return true
    }
    case 'organization.erase':
      await enqueue(eraseOrganization, { job_id, stage: 'objects' })
      return true
    case 'workspace.erase':
      await enqueue(eraseWorkspace, { workspace_id: subjectId, job_id })
      return true
    default:
      return false
  }
}

async function sendStepAgain(
  { sql, enqueue, publish }: StepContext,
  step: { document_id: string; job_id: string },
  done: number,
): Promise<boolean> {
  const task = stepTasks[done]
  if (task) {
    if (!(await openStep(sql, step, 'lock'))) return false
    await enqueue(task, step)
    return true
  }
  // All is done but to tell of it.
  const ready = await sql`
    select 1 from documents where id = ${step.document_id} and job_id = ${step.job_id} and status = 'ready'`
  if (done !== pipelineSteps.indexOf('notify') || ready.length === 0) return false
  await publish(documentFinished, { ...step, outcome: 'ready' }, { orderingKey: step.document_id })
  return true
}
