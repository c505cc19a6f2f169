import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newBrief }) => ({
  params: { brief_id: await newBrief() },
  body: { body: 'Is the second address still in use?' },
  status: 201,
})
