import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newPerson }) => {
  const { token, email } = await newPerson()
  return { token, body: { confirm: email }, status: 204 }
}
