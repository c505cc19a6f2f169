import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ blocklistId }) => ({
  params: { blocklist_id: blocklistId },
  query: { format: 'edl-ip' },
  status: 200,
})
