import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newDetectionRule }) => ({
  params: { rule_id: await newDetectionRule() },
  status: 204,
})
