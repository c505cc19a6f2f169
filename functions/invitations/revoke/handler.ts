import { revokeInvitation } from '#shared/domain/tenancy/invitations.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => {
  await revokeInvitation(sql, params.invitation_id)
  return { status: 204, body: null }
}
