import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { findTwin, markDuplicate, openStep, recordContent } from '#shared/domain/documents/documents.ts'
import { scanDocument } from '#shared/domain/documents/messages.ts'
import { failStep, nextStep, rejectStep } from '#shared/domain/documents/steps.ts'
import { type DocumentFormat, detectFormat } from '#shared/domain/text/detect.ts'
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
  const bytes = await buffer(file.body)
  const detection = detectFormat(bytes, {
    fileName: document.file_name,
    contentType: document.content_type,
    limits: { fileBytes: config.MAXIMUM_UPLOAD_BYTES },
  })
  if ('rejected' in detection) return detection
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { sizeBytes: bytes.length, sha256, format: detection.format }
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
