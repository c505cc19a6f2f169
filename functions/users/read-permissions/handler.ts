import { type Assurance, assuranceOf } from '#shared/domain/tenancy/assurance.ts'
import { listPlaces } from '#shared/domain/tenancy/places.ts'
import { accessTokenOf } from '#shared/domain/tenancy/sessions.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

/** Only the identity provider knows whether there is a second factor. */
export const prepare: PrepareRoute<typeof route, Assurance> = async ({ identity }, { headers }) => {
  const token = accessTokenOf(headers)
  return assuranceOf(token, async () => (await identity.account(token)).hasVerifiedFactor)
}

export const run: RunRoute<typeof route, Assurance> = async ({ sql, principal, enter }, { query }, assurance) => ({
  status: 200,
  body: { assurance, data: await listPlaces(sql, enter, principal.userId, query.organization_id) },
})
