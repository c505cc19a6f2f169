import { pageOf } from '#shared/domain/paging.ts'
import { Factor } from '#shared/domain/tenancy/sessions.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/auth/mfa',
  access: 'signed-in',
  summary: 'List your second factors',
  responses: { 200: pageOf(Factor) },
  handler: () => import('./handler.ts'),
})
