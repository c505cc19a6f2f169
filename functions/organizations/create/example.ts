import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({ body: { name: 'Another organization' }, status: 201 })
