import { createExport } from '#shared/domain/exports/exports.ts'
import { buildExport } from '#shared/domain/exports/messages.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, enqueue, audit }, { body }) => {
  const { object_key: _, ...row } = await createExport(sql, {
    orgId: principal.orgId,
    workspaceId: workspaceOf(principal),
    createdBy: principal.userId,
    ...body,
  })
  audit('export.requested', { targetId: row.id, details: { format: row.format, filter: body.filter } })
  await enqueue(buildExport, { export_id: row.id, job_id: row.job_id ?? '' })
  return { status: 202, body: { ...row, download_url: null }, headers: { location: `/v1/jobs/${row.job_id}` } }
}
