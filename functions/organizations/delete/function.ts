import * as v from 'valibot'
import { endMandate } from '#shared/domain/billing/messages.ts'
import { eraseOrganization } from '#shared/domain/erasure/messages.ts'
import { Id } from '#shared/domain/ids.ts'
import { Job } from '#shared/domain/jobs/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/organizations/{organization_id}',
  access: 'organization:delete',
  caller: 'person',
  whileDeleting: true,
  summary: 'Delete an organization with everything of it; there is no way back',
  description:
    'Its keys, tokens and invitations stop working with this call, all other members lose access, and a job removes ' +
    'every row and file but the records of payments, which the law wants kept. Subscriptions and mandates end at once; what ' +
    'was paid for is not paid back. Watch it with `X-Org-Id`, for 15 minutes after its end. This cannot be undone. ' +
    'Calling again answers the same job.',
  params: v.strictObject({ organization_id: Id }),
  query: v.strictObject({
    confirm: v.pipe(v.string(), v.maxLength(200), v.description('The exact name of the organization')),
  }),
  audit: 'organization.deleted',
  responses: { 202: Job },
  resources: { enqueues: [eraseOrganization, endMandate] },
  handler: () => import('./handler.ts'),
})
