import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({ body: { fast: ['local:rules-1'] }, status: 200 })
