import type { MakeRouteExample } from '#shared/runtime/examples.ts'

// One that has ended, so that its stream ends too.
export const example: MakeRouteExample = async ({ newRun }) => ({
  params: { run_id: await newRun('cancelled') },
  status: 200,
})
