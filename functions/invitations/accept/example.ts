import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newInvitation, newPerson }) => {
  const { token, email } = await newPerson()
  return { token, body: { token: (await newInvitation(email)).token }, status: 201 }
}
