import { lockActor } from '#shared/domain/tenancy/members.ts'
import { createWorkspace } from '#shared/domain/tenancy/organizations.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async (context, { body }) => {
  const { sql, principal } = context
  const { orgId, userId } = principal
  await lockActor(sql, principal, 'organization:manage')
  return { status: 201, body: await createWorkspace(context, { orgId, name: body.name, ownerId: userId }) }
}
