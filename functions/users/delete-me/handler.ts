import { appendAudit } from '#shared/domain/audit/append.ts'
import { AppError } from '#shared/domain/errors.ts'
import { assuranceOf } from '#shared/domain/tenancy/assurance.ts'
import { deleteUser } from '#shared/domain/tenancy/delete-user.ts'
import { accessTokenOf } from '#shared/domain/tenancy/sessions.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

/** There is no way back, so that a password alone is not enough of who has a second factor. */
export const prepare: PrepareRoute<typeof route, void> = async ({ identity }, { headers }) => {
  const token = accessTokenOf(headers)
  const { level, second_factor } = await assuranceOf(
    token,
    async () => (await identity.account(token)).hasVerifiedFactor,
  )
  if (level === 'aal2' || !second_factor) return
  throw new AppError('PERMISSION_DENIED', 'This needs your second factor: verify it at /v1/auth/mfa/verify first')
}

export const run: RunRoute<typeof route, void> = async ({ sql, principal, enter, now, requestId }, { body }) => {
  const { userId } = principal
  await deleteUser(sql, userId, {
    confirm: body.confirm,
    enter,
    // Written in each organization while the transaction is in it.
    async left({ organization_id: orgId, role }) {
      await appendAudit(sql, [
        {
          orgId,
          actorKind: 'user',
          actorId: userId,
          action: 'member.deleted_themselves',
          targetType: 'member',
          targetId: userId,
          details: { role },
          requestId,
          ip: null,
          occurredAt: now,
        },
      ])
    },
  })
  return { status: 204, body: null }
}
