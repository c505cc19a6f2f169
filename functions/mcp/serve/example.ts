import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ indicatorId }) => ({
  body: {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'read_indicator', arguments: { indicator_id: indicatorId } },
  },
  status: 200,
})
