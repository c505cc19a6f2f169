import { decodeJwt } from 'jose'

/** Tokens are used until this long before they expire, which any deadline in practice leaves room for. */
const marginSeconds = 60

/** Signs once for many pushes: as on Google, a push token is used again until shortly before it expires. */
export function tokenCache(signToken: (audience: string) => Promise<string>): (audience: string) => Promise<string> {
  const known = new Map<string, { token: string; usableUntil: number }>()
  return async (audience) => {
    const held = known.get(audience)
    if (held && Date.now() / 1000 < held.usableUntil) return held.token
    const token = await signToken(audience)
    const { exp } = decodeJwt(token)
    if (exp !== undefined) known.set(audience, { token, usableUntil: exp - marginSeconds })
    return token
  }
}
