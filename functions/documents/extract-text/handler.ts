import { openStep, recordText } from '#shared/domain/documents/documents.ts'
import { extractIntelligence } from '#shared/domain/documents/messages.ts'
import { replacePassages, toPassages } from '#shared/domain/documents/passages.ts'
import { failStep, nextStep, rejectStep } from '#shared/domain/documents/steps.ts'
import { readStoredFile } from '#shared/domain/documents/stored-file.ts'
import { AppError } from '#shared/domain/errors.ts'
import { DocumentError } from '#shared/domain/text/errors.ts'
import type { ReadDocument } from '#shared/domain/text/read-document.ts'
import { findTlpMarking } from '#shared/domain/tlp.ts'
import type { FailedJob, PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

type Text = ReadDocument | DocumentError | null

export const prepare: PrepareJob<typeof job, Text> = async ({ read, objects, readDocument, signal }, step) => {
  const document = await read((sql) => openStep(sql, step, 'read'))
  if (!document) return null
  const file = await objects.read('uploads', document.object_key)
  if (!file) throw new AppError('NOT_FOUND', 'The file is not there')
  try {
    return await readDocument(
      await readStoredFile(file, document.declared_size_bytes),
      { fileName: document.file_name, contentType: document.content_type },
      { signal },
    )
  } catch (error) {
    if (error instanceof DocumentError) return error
    throw error
  }
}

export const run: RunJob<typeof job, Text> = async (context, step, text) => {
  const document = await openStep(context.sql, step, 'lock')
  if (!document || !text) return
  if (text instanceof DocumentError) {
    await rejectStep(context, step, { code: text.code, message: text.message })
    return
  }
  await replacePassages(context.sql, document, toPassages(text))
  await recordText(context.sql, document.id, {
    title: text.title,
    pageCount: text.pages.length,
    characterCount: text.text.length,
    tlp: document.tlp_declared ? document.tlp : (findTlpMarking(text.text) ?? document.tlp),
  })
  await nextStep(context, step, extractIntelligence)
}

export const failed: FailedJob<typeof job> = failStep
