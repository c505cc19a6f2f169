import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newBrief, newBriefDraft }) => ({
  params: { brief_id: await newBrief() },
  body: await newBriefDraft(),
  status: 200,
})
