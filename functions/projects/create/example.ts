import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({
  body: { name: `Project ${crypto.randomUUID()}`, description: 'What it is about' },
  status: 201,
})
