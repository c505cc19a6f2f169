import { newId } from '#shared/domain/ids.ts'
import { createOrganization } from '#shared/domain/tenancy/organizations.ts'
import { loadIdentity } from '#shared/domain/tenancy/principal.ts'
import { type Database, nobody, system } from '#shared/platform/database/index.ts'
import type { LocalIssuer } from '#shared/platform/identity/local-issuer.ts'

/** Known to everybody, and therefore only good where nobody else can reach the product. */
export const demoCredentials = { email: 'demo@raptorflow.example', password: 'demo-raptorflow' }

/** Makes the demo user and their organization when they aren't there; returns whether it made them now. */
export async function ensureDemo(database: Database, issuer: LocalIssuer, password: string): Promise<boolean> {
  const { id } = await issuer.ensureUser({ email: demoCredentials.email, password })
  const identity = await database.transaction(system, (sql) =>
    loadIdentity(sql, { sub: id, email: demoCredentials.email }),
  )
  if (identity.memberships.length > 0) return false
  const orgId = newId()
  await database.transaction({ ...nobody, orgId, userId: identity.userId, workspaceId: 'any' }, (sql) =>
    createOrganization(sql, { id: orgId, name: 'Demo', ownerId: identity.userId }),
  )
  return true
}
