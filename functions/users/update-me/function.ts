import { Profile, ProfileChange } from '#shared/domain/tenancy/profile.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PATCH',
  path: '/v1/users/me',
  access: 'signed-in',
  summary: 'Change name, language, time zone or preferences; what is not named stays',
  body: ProfileChange,
  responses: { 200: Profile },
  ifMatch: true,
  handler: () => import('./handler.ts'),
})
