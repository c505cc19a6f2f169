import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newRun }) => ({
  params: { run_id: await newRun('waiting_approval') },
  body: { node: 'approval', decision: 'approve', comment: 'As it should be' },
  status: 200,
})
