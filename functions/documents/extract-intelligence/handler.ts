import { openStep } from '#shared/domain/documents/documents.ts'
import { indexDocument } from '#shared/domain/documents/messages.ts'
import { readText } from '#shared/domain/documents/passages.ts'
import { failStep, nextStep } from '#shared/domain/documents/steps.ts'
import { extractIntelligence } from '#shared/domain/extraction/extract.ts'
import { type Findings, toFindings } from '#shared/domain/intelligence/findings.ts'
import { recordExtraction } from '#shared/domain/intelligence/record.ts'
import type { FailedJob, PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const prepare: PrepareJob<typeof job, Findings | null> = async ({ read }, step) => {
  const document = await read(async (sql) =>
    (await openStep(sql, step, 'read')) ? readText(sql, step.document_id) : null,
  )
  return document && toFindings(document.text, extractIntelligence({ ...document, title: null }))
}

export const run: RunJob<typeof job, Findings | null> = async (context, step, found) => {
  const document = await openStep(context.sql, step, 'lock')
  if (!document || !found) return
  await recordExtraction(context.sql, document, found)
  await nextStep(context, step, indexDocument)
}

export const failed: FailedJob<typeof job> = failStep
