import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newRun }) => {
  await newRun()
  return { query: { to: '2100-01-01T00:00:00Z', from: '2099-12-01T00:00:00Z' }, status: 200 }
}
