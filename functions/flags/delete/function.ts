import * as v from 'valibot'
import { FlagKey } from '#shared/domain/flags/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/operator/flags/{flag_key}',
  access: 'operator',
  summary: 'Delete a feature flag; the feature is then off for everyone',
  params: v.strictObject({ flag_key: FlagKey }),
  ifMatch: true,
  responses: { 204: null },
  handler: () => import('./handler.ts'),
})
