import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ projectId }) => ({ params: { project_id: projectId }, status: 200 })
