import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newInvitation }) => ({
  params: { invitation_id: (await newInvitation()).id },
  status: 204,
})
