import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newBriefComment }) => {
  const { brief_id } = await newBriefComment()
  await newBriefComment(brief_id)
  return { params: { brief_id }, status: 200 }
}
