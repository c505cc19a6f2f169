import * as v from 'valibot'
import { Verification, verificationQuery } from '#shared/domain/audit/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/audit-logs/verification',
  access: 'audit:read',
  summary: 'Verify that nothing in the audit log was changed, removed or moved',
  description:
    'Recomputes the whole chain of hashes. What was cut off at the end, head included, shows only against an anchor: ' +
    'a number and hash that were written down elsewhere.',
  query: v.strictObject(verificationQuery),
  responses: { 200: Verification },
  cost: 20,
  resources: { timeoutSeconds: 120 },
  handler: () => import('./handler.ts'),
})
