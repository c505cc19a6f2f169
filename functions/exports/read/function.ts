import * as v from 'valibot'
import { Export } from '#shared/domain/exports/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/exports/{export_id}',
  access: 'intelligence:read',
  summary: 'Read an export, with a URL to download it once it is ready',
  params: v.strictObject({ export_id: Id }),
  responses: { 200: Export },
  resources: { buckets: ['exports'] },
  handler: () => import('./handler.ts'),
})
