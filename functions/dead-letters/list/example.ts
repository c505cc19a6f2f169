import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newDeadLetter }) => {
  await newDeadLetter()
  return { query: { status: 'open', kind: 'event' }, status: 200 }
}
