import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newJoinedOrganization }) => ({
  params: { organization_id: await newJoinedOrganization() },
  status: 204,
})
