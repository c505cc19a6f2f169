import { readUpload, startProcessing } from '#shared/domain/documents/documents.ts'
import { validateDocument } from '#shared/domain/documents/messages.ts'
import { AppError } from '#shared/domain/errors.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const prepare: PrepareRoute<typeof route, undefined> = async ({ read, objects }, { params }) => {
  const upload = await read((sql) => readUpload(sql, params.document_id))
  const file = await objects.read('uploads', upload.object_key)
  if (!file) throw new AppError('CONFLICT', 'The file has not been uploaded yet')
  file.body.destroy()
}

export const run: RunRoute<typeof route> = async ({ sql, principal, enqueue }, { params }) => {
  const document = await startProcessing(sql, {
    documentId: params.document_id,
    orgId: principal.orgId,
    startedBy: principal.userId,
    from: ['awaiting_upload'],
  })
  await enqueue(validateDocument, { document_id: document.id, job_id: document.job_id ?? '' })
  return { status: 202, body: document, headers: { location: `/v1/jobs/${document.job_id}` } }
}
