import * as v from 'valibot'
import { ApiKeyRotation, NewApiKey } from '#shared/domain/api-keys/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/api-keys/{api_key_id}/rotate',
  access: 'keys:manage',
  caller: 'person',
  summary: 'Make a new key in the place of one that goes on for a while; the new key is shown once',
  params: v.strictObject({ api_key_id: Id }),
  body: ApiKeyRotation,
  responses: { 201: NewApiKey },
  idempotent: true,
  audit: 'api_key.rotated',
  handler: () => import('./handler.ts'),
})
