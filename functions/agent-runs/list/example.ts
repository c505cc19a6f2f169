import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newRun }) => {
  await newRun()
  return { query: { playbook: 'coverage-gaps' }, status: 200 }
}
