import { EntitlementInUse } from '#shared/domain/billing/entitlements/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/entitlements',
  access: 'usage:read',
  summary: 'Read what the organization may use by its plan, and what of it is used',
  responses: { 200: EntitlementInUse },
  handler: () => import('./handler.ts'),
})
