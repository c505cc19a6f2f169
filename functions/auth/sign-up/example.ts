import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({
  body: { email: `${crypto.randomUUID()}@example.org`, password: 'a long enough password' },
  status: 201,
})
