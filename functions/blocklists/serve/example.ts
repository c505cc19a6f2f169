import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ blocklistToken }) => ({
  params: { token: blocklistToken },
  query: { format: 'plain' },
  status: 200,
})
