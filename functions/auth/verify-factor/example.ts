import { decodeBase32, stepAt, totpCode } from '#shared/platform/identity/local/totp.ts'
import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newPerson, services }) => {
  const { token } = await newPerson()
  const { id, secret } = await services.identity.enrolTotp(token, 'Phone')
  const code = totpCode(decodeBase32(secret), stepAt(services.now()))
  return { token, body: { factor_id: id, code }, status: 200 }
}
