import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newBriefComment }) => ({
  params: await newBriefComment(),
  status: 204,
})
