import { ApiKeyDraft, NewApiKey } from '#shared/domain/api-keys/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/api-keys',
  access: 'keys:manage',
  caller: 'person',
  summary: 'Make an API key for a program; the key is shown once',
  description:
    'A key can be given no scope that its maker lacks. Send it as `Authorization: Bearer rfa_…`; where a client knows ' +
    'only HTTP Basic (TAXII, EDL), as its password.',
  body: ApiKeyDraft,
  responses: { 201: NewApiKey },
  idempotent: true,
  audit: 'api_key.created',
  handler: () => import('./handler.ts'),
})
