import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newBlocklist }) => ({
  params: { blocklist_id: await newBlocklist() },
  status: 204,
})
