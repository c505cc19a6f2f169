import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newPerson, services }) => {
  const { token } = await newPerson()
  const { id } = await services.identity.enrolTotp(token, 'Phone')
  return { token, params: { factor_id: id }, status: 204 }
}
