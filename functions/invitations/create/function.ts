import * as v from 'valibot'
import { Invitation, InvitationDraft } from '#shared/domain/tenancy/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/invitations',
  access: 'members:manage',
  caller: 'person',
  summary: 'Invite someone by their e-mail address; the link is shown once, for the inviter to pass on',
  description:
    'The role can be none above the own. The link is good once, and expires after a week unless told otherwise.',
  body: InvitationDraft,
  responses: {
    201: v.strictObject({
      invitation: Invitation,
      token: v.pipe(v.string(), v.description('For POST /v1/invitations/accept')),
      url: v.pipe(v.string(), v.description('Holds the token in its fragment, which browsers send to nobody')),
    }),
  },
  idempotent: true,
  audit: 'invitation.created',
  handler: () => import('./handler.ts'),
})
