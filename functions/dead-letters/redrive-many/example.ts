import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newDeadLetter }) => {
  // Of a function whose letters no other example names.
  await newDeadLetter('objects-remove-late')
  return { body: { consumer: 'objects-remove-late' }, status: 202 }
}
