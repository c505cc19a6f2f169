import { newId } from '#shared/domain/ids.ts'
import { workspaceCreated } from '#shared/domain/tenancy/messages.ts'
import { createOrganization } from '#shared/domain/tenancy/organizations.ts'
import { loadIdentity } from '#shared/domain/tenancy/principal.ts'
import { system } from '#shared/platform/database/index.ts'
import type { LocalIssuer } from '#shared/platform/identity/local-issuer.ts'
import { inTransaction, serviceScope } from '#shared/runtime/contexts.ts'
import type { Services } from '#shared/runtime/services.ts'

/** Known to everybody, and therefore only good where nobody else can reach the product. */
export const demoCredentials = { email: 'demo@raptorflow.example', password: 'demo-raptorflow' }

/** Makes the demo user and their organization when they aren't there; returns whether it made them now. */
export async function ensureDemo(services: Services, issuer: LocalIssuer, password: string): Promise<boolean> {
  const { id } = await issuer.ensureUser({ email: demoCredentials.email, password })
  const { memberships, userId } = await services.database.transaction(system, (sql) =>
    loadIdentity(sql, { sub: id, email: demoCredentials.email }, services.config.DEFAULT_PLAN),
  )
  if (memberships.length > 0) return false
  const orgId = newId()
  const call = {
    functionName: 'demo',
    resources: { publishes: [workspaceCreated] },
    principal: null,
    scope: serviceScope(orgId, userId),
    requestId: newId(),
    traceparent: null,
    now: services.now(),
    log: services.log,
    signal: AbortSignal.timeout(60_000),
    address: null,
  }
  await inTransaction(services, call, (context) =>
    createOrganization(context, { id: orgId, name: 'Demo', ownerId: userId }),
  )
  return true
}
