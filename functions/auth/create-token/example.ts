import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ credentials }) => ({ body: credentials, status: 200 })
