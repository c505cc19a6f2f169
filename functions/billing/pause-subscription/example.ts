import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newMandate }) => {
  await newMandate()
  return { status: 200 }
}
