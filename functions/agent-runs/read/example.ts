import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newRun }) => ({ params: { run_id: await newRun() }, status: 200 })
