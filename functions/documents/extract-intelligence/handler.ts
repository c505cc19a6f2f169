import { openStep } from '#shared/domain/documents/documents.ts'
import { indexDocument } from '#shared/domain/documents/messages.ts'
import { readText } from '#shared/domain/documents/passages.ts'
import { failStep, nextStep } from '#shared/domain/documents/steps.ts'
import { extractIntelligence } from '#shared/domain/extraction/extract.ts'
import type { Extraction } from '#shared/domain/extraction/types.ts'
import { recordExtraction } from '#shared/domain/intelligence/record.ts'
import type { FailedJob, PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

type Found = { text: string; extraction: Extraction } | null

export const prepare: PrepareJob<typeof job, Found> = async ({ read }, step) => {
  const document = await read(async (sql) =>
    (await openStep(sql, step, 'read')) ? readText(sql, step.document_id) : null,
  )
  return document && { text: document.text, extraction: extractIntelligence({ ...document, title: null }) }
}

export const run: RunJob<typeof job, Found> = async (context, step, found) => {
  const document = await openStep(context.sql, step, 'lock')
  if (!document || !found) return
  await recordExtraction(context.sql, document, found.text, found.extraction)
  await nextStep(context, step, indexDocument)
}

export const failed: FailedJob<typeof job> = failStep
