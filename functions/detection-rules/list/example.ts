import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({ query: { kind: 'sigma', technique: 'T1071.004' }, status: 200 })
