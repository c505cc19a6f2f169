import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({ query: { kind: 'yara', status: 'draft' }, status: 200 })
