import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newRelationshipDraft }) => ({
  body: await newRelationshipDraft(),
  status: 201,
})
