import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newDeadLetter }) => {
  await newDeadLetter()
  return { body: { consumer: 'notifications-document-finished' }, status: 202 }
}
