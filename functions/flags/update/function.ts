import * as v from 'valibot'
import { Flag, FlagChange, FlagKey } from '#shared/domain/flags/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PATCH',
  path: '/v1/operator/flags/{flag_key}',
  access: 'operator',
  summary: 'Change a feature flag; it counts everywhere within a minute',
  params: v.strictObject({ flag_key: FlagKey }),
  body: FlagChange,
  ifMatch: true,
  responses: { 200: Flag },
  handler: () => import('./handler.ts'),
})
