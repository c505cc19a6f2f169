import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = async ({ newRun }) => ({
  run_id: await newRun('waiting_approval'),
  status: 'waiting_approval',
})
