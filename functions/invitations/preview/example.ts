import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newInvitation }) => ({
  body: { token: (await newInvitation()).token },
  status: 200,
})
