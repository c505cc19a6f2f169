import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Indicator } from '#shared/domain/intelligence/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/indicators/{indicator_id}',
  access: 'intelligence:read',
  summary: 'Read an indicator',
  params: v.strictObject({ indicator_id: Id }),
  responses: { 200: Indicator },
  handler: () => import('./handler.ts'),
})
