import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newRelationship }) => ({
  params: { relationship_id: await newRelationship() },
  body: { status: 'accepted' },
  status: 200,
})
