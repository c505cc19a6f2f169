import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newDeadLetter }) => ({
  params: { dead_letter_id: await newDeadLetter() },
  status: 202,
})
