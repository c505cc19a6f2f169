import * as v from 'valibot'
import { Flag, FlagKey } from '#shared/domain/flags/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/operator/flags/{flag_key}',
  access: 'operator',
  summary: 'Read a feature flag',
  params: v.strictObject({ flag_key: FlagKey }),
  responses: { 200: Flag },
  handler: () => import('./handler.ts'),
})
