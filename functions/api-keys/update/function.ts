import * as v from 'valibot'
import { ApiKey, ApiKeyChange } from '#shared/domain/api-keys/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PATCH',
  path: '/v1/api-keys/{api_key_id}',
  access: 'keys:manage',
  caller: 'person',
  summary: 'Rename an API key',
  params: v.strictObject({ api_key_id: Id }),
  body: ApiKeyChange,
  responses: { 200: ApiKey },
  audit: 'api_key.renamed',
  handler: () => import('./handler.ts'),
})
