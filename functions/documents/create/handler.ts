import { createDocument } from '#shared/domain/documents/documents.ts'
import { AppError } from '#shared/domain/errors.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

const uploadSeconds = 3600

export const run: RunRoute<typeof route> = async ({ sql, principal, objects, config }, { body }) => {
  if (body.size_bytes > config.MAXIMUM_UPLOAD_BYTES) {
    throw new AppError('PAYLOAD_TOO_LARGE', `A file may have at most ${config.MAXIMUM_UPLOAD_BYTES} bytes`)
  }
  const { object_key, ...document } = await createDocument(sql, {
    orgId: principal.orgId,
    workspaceId: workspaceOf(principal),
    createdBy: principal.userId,
    fileName: body.file_name,
    contentType: body.content_type,
    sizeBytes: body.size_bytes,
    projectId: body.project_id,
    tlp: body.tlp ?? null,
  })
  const { url, headers, expiresAt } = await objects.sign('uploads', object_key, {
    method: 'PUT',
    expiresInSeconds: uploadSeconds,
    contentType: body.content_type,
    maximumBytes: body.size_bytes,
  })
  return {
    status: 201,
    body: { document, upload: { url, method: 'PUT', headers, expires_at: expiresAt.toISOString() } },
  }
}
