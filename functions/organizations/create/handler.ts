import { newId } from '#shared/domain/ids.ts'
import { createOrganization } from '#shared/domain/tenancy/organizations.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async (context, { body }) => {
  const id = newId()
  await context.enter(id)
  const organization = await createOrganization(context, { id, name: body.name, ownerId: context.principal.userId })
  return { status: 201, body: organization }
}
