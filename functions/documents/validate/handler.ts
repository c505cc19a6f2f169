import { createHash } from 'node:crypto'
import { findTwin, markDuplicate, openStep, recordContent } from '#shared/domain/documents/documents.ts'
import { scanDocument } from '#shared/domain/documents/messages.ts'
import { failStep, nextStep, rejectStep } from '#shared/domain/documents/steps.ts'
import { readStoredFile } from '#shared/domain/documents/stored-file.ts'
import { type DocumentFormat, requireFormat } from '#shared/domain/text/detect.ts'
import { DocumentError } from '#shared/domain/text/errors.ts'
import type { FailedJob, PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

type Finding =
  | { sizeBytes: number; sha256: string; format: DocumentFormat }
  | { rejected: string; message: string }
  | null

export const prepare: PrepareJob<typeof job, Finding> = async ({ read, objects, config }, step) => {
  const document = await read((sql) => openStep(sql, step, 'read'))
  if (!document) return null
  const file = await objects.read('uploads', document.object_key)
  if (!file) return { rejected: 'FILE_MISSING', message: 'The file is not there.' }
  const fileBytes = Math.min(document.declared_size_bytes, config.MAXIMUM_UPLOAD_BYTES)
  try {
    const bytes = await readStoredFile(file, fileBytes)
    const { file_name: fileName, content_type: contentType } = document
    const { format } = requireFormat(bytes, { fileName, contentType, limits: { fileBytes } })
    return { sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), format }
  } catch (error) {
    if (error instanceof DocumentError) return { rejected: error.code, message: error.message }
    throw error
  }
}

export const run: RunJob<typeof job, Finding> = async (context, step, finding) => {
  const document = await openStep(context.sql, step, 'lock')
  if (!document || !finding) return
  if ('rejected' in finding) {
    await rejectStep(context, step, { code: finding.rejected, message: finding.message })
    return
  }
  const twinId = await findTwin(context.sql, {
    workspaceId: document.workspace_id,
    sha256: finding.sha256,
    exceptId: document.id,
  })
  if (twinId) {
    await markDuplicate(context.sql, step, document, {
      twinId,
      sizeBytes: finding.sizeBytes,
      format: finding.format,
    })
    return
  }
  await recordContent(context.sql, document.id, finding)
  await nextStep(context, step, scanDocument)
}

export const failed: FailedJob<typeof job> = failStep
