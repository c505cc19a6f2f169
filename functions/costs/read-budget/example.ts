import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newModelCall }) => {
  await newModelCall()
  return { status: 200 }
}
