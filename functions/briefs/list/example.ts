import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({ query: { q: 'ransomware -test' }, status: 200 })
