import * as v from 'valibot'
import { FlagKey } from '#shared/domain/flags/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/flags',
  access: 'intelligence:read',
  summary: 'Which features are on for the organization; what is not named is off',
  responses: { 200: v.strictObject({ data: v.record(FlagKey, v.boolean()) }) },
  handler: () => import('./handler.ts'),
})
