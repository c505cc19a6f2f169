import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newOrganization }) => {
  const { id, name } = await newOrganization()
  return { params: { organization_id: id }, query: { confirm: name }, status: 202 }
}
