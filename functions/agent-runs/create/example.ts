import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({
  body: { playbook: 'coverage-gaps', input: {}, budget_microdollars: 1_000_000 },
  status: 201,
})
