import * as v from 'valibot'
import { PlainText } from '#shared/domain/plain-text.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/users/me',
  access: 'signed-in',
  summary: 'Delete the caller: memberships, personal data and the account they sign in with',
  description:
    'Refused while the caller is the last owner of an organization. What they made for their organizations stays there, ' +
    'without their name. The account at the identity provider goes within minutes.',
  body: v.strictObject({
    confirm: v.pipe(
      PlainText,
      v.maxLength(300),
      v.description("The caller's e-mail address, or id when they have none"),
    ),
  }),
  responses: { 204: null },
  handler: () => import('./handler.ts'),
})
