import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newModelCall }) => {
  const { agent } = await newModelCall()
  return { query: { agent, finish: 'stop' }, status: 200 }
}
