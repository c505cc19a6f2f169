import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newBrief }) => ({
  params: { brief_id: await newBrief() },
  status: 200,
})
