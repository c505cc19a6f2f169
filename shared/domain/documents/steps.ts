import { progressJob } from '../jobs/jobs.ts'
import type { Enqueue, Publish, TaskType } from '../messaging.ts'
import type { Sql } from '../sql.ts'
import { endBadly, pipelineSteps } from './documents.ts'
import {
  documentFinished,
  extractIntelligence,
  extractText,
  indexDocument,
  scanDocument,
  validateDocument,
} from './messages.ts'
import type { DocumentStep } from './schemas.ts'

/** What the steps of the pipeline need of their context. */
export interface StepContext {
  sql: Sql
  publish: Publish
  enqueue: Enqueue
}

type StepTask = TaskType<typeof DocumentStep>

const stepOf = new Map<TaskType, (typeof pipelineSteps)[number]>([
  [scanDocument, 'scan'],
  [extractText, 'extract text'],
  [extractIntelligence, 'extract intelligence'],
  [indexDocument, 'index'],
])

/** Says in the job that this step is next. */
export async function announceStep(sql: Sql, step: DocumentStep, next: (typeof pipelineSteps)[number]): Promise<void> {
  await progressJob(sql, step.job_id, { done: pipelineSteps.indexOf(next), message: `Next: ${next}` })
}

/** Ends a step well: the next one is enqueued by the same commit. */
export async function nextStep({ sql, enqueue }: StepContext, step: DocumentStep, next: StepTask): Promise<void> {
  const name = stepOf.get(next)
  if (!name) throw new Error(`${next.name} is no step of the pipeline`)
  await announceStep(sql, step, name)
  await enqueue(next, step)
}

/** Ends the pipeline because of the file itself. */
export function rejectStep(context: StepContext, step: DocumentStep, error: Failure): Promise<void> {
  return endStep(context, step, 'rejected', error)
}

/** Ends the pipeline when a step has been given up. */
export function failStep(context: StepContext, step: DocumentStep, error: Failure): Promise<void> {
  return endStep(context, step, 'failed', error)
}

/** Ends the pipeline because somebody wants it to end: what is under way finds the document no longer processing. */
export function cancelStep(context: StepContext, step: DocumentStep, error: Failure): Promise<void> {
  return endStep(context, step, 'failed', error, 'cancelled')
}

interface Failure {
  code: string
  message: string
}

async function endStep(
  { sql, publish, enqueue }: StepContext,
  step: DocumentStep,
  outcome: 'rejected' | 'failed',
  error: Failure,
  jobStatus: 'failed' | 'cancelled' = 'failed',
): Promise<void> {
  const restarted = await endBadly(sql, step, outcome, error, jobStatus)
  if (!restarted) return
  await publish(documentFinished, { ...step, outcome }, { orderingKey: step.document_id })
  for (const duplicate of restarted) await enqueue(validateDocument, duplicate)
}
