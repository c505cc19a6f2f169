import { buildExport } from '#shared/domain/exports/messages.ts'
import { Export, ExportDraft } from '#shared/domain/exports/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/exports',
  access: 'intelligence:read',
  summary: 'Export intelligence as a STIX 2.1 bundle or CSV; a job that can be watched builds it',
  body: ExportDraft,
  idempotent: true,
  audit: 'export.requested',
  responses: { 202: Export },
  resources: { enqueues: [buildExport] },
  handler: () => import('./handler.ts'),
})
