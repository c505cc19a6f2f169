import { createDocument } from '#shared/domain/documents/documents.ts'
import { AppError } from '#shared/domain/errors.ts'
import { newId } from '#shared/domain/ids.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { PrepareRoute, RunRoute, SignedUrl } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

const uploadSeconds = 3600

interface Place {
  id: string
  objectKey: string
  upload: SignedUrl
}

export const prepare: PrepareRoute<typeof route, Place> = async ({ principal, objects, config }, { body }) => {
  if (body.size_bytes > config.MAXIMUM_UPLOAD_BYTES) {
    throw new AppError('PAYLOAD_TOO_LARGE', `A file may have at most ${config.MAXIMUM_UPLOAD_BYTES} bytes`)
  }
  const id = newId()
  const objectKey = `${principal.orgId}/${id}`
  const upload = await objects.sign('uploads', objectKey, {
    method: 'PUT',
    expiresInSeconds: uploadSeconds,
    contentType: body.content_type,
    maximumBytes: body.size_bytes,
  })
  return { id, objectKey, upload }
}

export const run: RunRoute<typeof route, Place> = async (
  { sql, principal, config, now, audit },
  { body },
  { id, objectKey, upload },
) => {
  const document = await createDocument(sql, {
    id,
    objectKey,
    orgId: principal.orgId,
    workspaceId: workspaceOf(principal),
    createdBy: principal.userId,
    fileName: body.file_name,
    contentType: body.content_type,
    sizeBytes: body.size_bytes,
    projectId: body.project_id,
    tlp: body.tlp ?? null,
    at: now,
    defaultPlanId: config.DEFAULT_PLAN,
  })
  audit('document.announced', { targetId: id, details: { file_name: document.file_name } })
  const { url, headers, expiresAt } = upload
  return {
    status: 201,
    body: { document, upload: { url, method: 'PUT', headers, expires_at: expiresAt.toISOString() } },
  }
}
