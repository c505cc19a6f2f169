import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newPerson }) => ({
  token: (await newPerson()).token,
  body: { name: 'Phone' },
  status: 201,
})
