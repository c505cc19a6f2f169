import { openStep, recordReady } from '#shared/domain/documents/documents.ts'
import { documentFinished } from '#shared/domain/documents/messages.ts'
import { indexPassages } from '#shared/domain/documents/passages.ts'
import { announceStep, failStep } from '#shared/domain/documents/steps.ts'
import { countFindings } from '#shared/domain/intelligence/record.ts'
import type { FailedJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const run: RunJob<typeof job> = async (context, step) => {
  const document = await openStep(context.sql, step, 'lock')
  if (!document) return
  await indexPassages(context.sql, document.id)
  await recordReady(context.sql, document.id, await countFindings(context.sql, document.id))
  await announceStep(context.sql, step, 'notify')
  await context.publish(documentFinished, { ...step, outcome: 'ready' }, { orderingKey: document.id })
}

export const failed: FailedJob<typeof job> = failStep
