import { appendAudit } from '#shared/domain/audit/append.ts'
import { deleteUser } from '#shared/domain/tenancy/delete-user.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, enter, now, requestId }, { body }) => {
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
