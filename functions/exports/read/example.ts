import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ exportId }) => ({ params: { export_id: exportId }, status: 200 })
