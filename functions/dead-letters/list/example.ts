import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newDeadLetter }) => {
  // Two, so that there is another page.
  await newDeadLetter()
  await newDeadLetter()
  return { query: { status: 'open', kind: 'event' }, status: 200 }
}
