import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({
  query: { from: '2026-04-01T00:00:00.000Z', to: '2027-04-01T00:00:00.000Z' },
  status: 200,
})
