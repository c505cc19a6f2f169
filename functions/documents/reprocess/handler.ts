import { startProcessing } from '#shared/domain/documents/documents.ts'
import { validateDocument } from '#shared/domain/documents/messages.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, enqueue }, { params }) => {
  const document = await startProcessing(sql, {
    documentId: params.document_id,
    orgId: principal.orgId,
    startedBy: principal.userId,
    from: ['ready', 'rejected', 'failed'],
  })
  await enqueue(validateDocument, { document_id: document.id, job_id: document.job_id ?? '' })
  return { status: 202, body: document, headers: { location: `/v1/jobs/${document.job_id}` } }
}
