import { accessTokenOf } from '#shared/domain/tenancy/sessions.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async (context, { body, headers }) => {
  const { id, name, qrCode, secret, uri } = await context.identity.enrolTotp(accessTokenOf(headers), body.name)
  return { status: 201, body: { id, name, type: 'totp', qr_code: qrCode, secret, uri } }
}
