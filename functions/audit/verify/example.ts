import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({
  query: { after_sequence: '0', after_hash: '0'.repeat(64) },
  status: 200,
})
