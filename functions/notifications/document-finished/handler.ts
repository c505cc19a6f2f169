import { readDocument } from '#shared/domain/documents/documents.ts'
import { describeOutcome } from '#shared/domain/documents/outcome.ts'
import { AppError } from '#shared/domain/errors.ts'
import { finishJob } from '#shared/domain/jobs/jobs.ts'
import { notify } from '#shared/domain/notifications/notifications.ts'
import type { FailedJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const run: RunJob<typeof job> = async ({ sql, principal }, { document_id, job_id, outcome }) => {
  const document = await readDocument(sql, document_id).catch((error) => {
    // Deleted in the meantime: nobody is to be told anything.
    if (error instanceof AppError && error.code === 'NOT_FOUND') return null
    throw error
  })
  if (!document) return
  const { title, body } = describeOutcome(document, outcome)
  if (document.created_by) {
    await notify(sql, {
      orgId: principal.orgId,
      userId: document.created_by,
      kind: `document.${outcome}`,
      title,
      body,
      subjectId: document.id,
    })
  }
  if (outcome === 'ready') {
    await finishJob(sql, job_id, {
      status: 'succeeded',
      message: body,
      result: { document_id, ...document.counts },
    })
  }
}

/** The document is ready all the same; only nobody could be told. */
export const failed: FailedJob<typeof job> = async ({ sql }, { document_id, job_id, outcome }) => {
  if (outcome !== 'ready') return
  await finishJob(sql, job_id, {
    status: 'succeeded',
    message: 'Ready; nobody could be notified',
    result: { document_id },
  })
}
