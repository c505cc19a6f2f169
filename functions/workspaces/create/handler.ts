import { createWorkspace } from '#shared/domain/tenancy/organizations.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal }, { body }) => ({
  status: 201,
  body: await createWorkspace(sql, { orgId: principal.orgId, name: body.name, ownerId: principal.userId }),
})
