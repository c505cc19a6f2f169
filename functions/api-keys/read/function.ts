import * as v from 'valibot'
import { ApiKey } from '#shared/domain/api-keys/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/api-keys/{api_key_id}',
  access: 'keys:manage',
  caller: 'person',
  summary: 'Read an API key, without the key itself',
  params: v.strictObject({ api_key_id: Id }),
  responses: { 200: ApiKey },
  handler: () => import('./handler.ts'),
})
