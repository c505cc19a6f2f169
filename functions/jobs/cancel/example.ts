import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ documentAt }) => ({
  params: { job_id: (await documentAt('scan')).job_id },
  status: 200,
})
