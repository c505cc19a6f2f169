import { PersonalData } from '#shared/domain/tenancy/personal-data.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/users/me/export',
  access: 'signed-in',
  summary: 'Download everything that is kept about the caller',
  responses: { 200: PersonalData },
  cost: 20,
  handler: () => import('./handler.ts'),
})
