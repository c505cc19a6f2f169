import { exportAuditLog } from '#shared/domain/audit/export.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async ({ read, principal }) => ({
  status: 200,
  body: exportAuditLog(read, principal.orgId),
  headers: { 'content-disposition': 'attachment; filename="audit-log.jsonl"' },
})
