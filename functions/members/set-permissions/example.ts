import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newMember }) => ({
  params: { user_id: (await newMember()).userId },
  body: { permissions: ['audit:read'] },
  status: 200,
})
