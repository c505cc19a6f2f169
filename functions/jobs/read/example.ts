import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ jobId }) => ({ params: { job_id: jobId }, status: 200 })
