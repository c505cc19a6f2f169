import { readOrganization, updateOrganization } from '#shared/domain/tenancy/organizations.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const current: CurrentRoute<typeof route> = ({ sql, principal }) =>
  readOrganization(sql, principal.orgId, principal.userId, true)

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { body }) => {
  const organization = await updateOrganization(sql, principal.orgId, principal.userId, body)
  audit('organization.updated', { targetId: organization.id, details: { fields: Object.keys(body) } })
  return { status: 200, body: organization }
}
