import * as v from 'valibot'
import { AuditLog, auditFilter } from '#shared/domain/audit/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/audit-logs',
  access: 'audit:read',
  summary: 'List what was done in the organization, newest first',
  query: v.strictObject({ ...pageQuery, ...auditFilter }),
  responses: { 200: pageOf(AuditLog) },
  handler: () => import('./handler.ts'),
})
