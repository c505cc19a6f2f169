import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newPerson, services }) => {
  const { token } = await newPerson()
  await services.identity.enrolTotp(token, 'Phone')
  return { token, status: 200 }
}
