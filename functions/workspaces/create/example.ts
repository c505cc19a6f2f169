import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({ body: { name: `Workspace ${crypto.randomUUID()}` }, status: 201 })
