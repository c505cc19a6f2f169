import { join } from 'node:path'
import { type CryptoKey, decodeJwt, exportSPKI, generateKeyPair, importJWK } from 'jose'
import { openKeyRing, type SigningKey } from '#shared/platform/identity/keys.ts'
import { forge, type World } from '../contract/world.ts'
import { call } from '../setup/product.ts'

/** One access token of the owner for each way in which a JWT can be bad (RFC 8725). */
export async function forgeTokens({ product, tokens }: World): Promise<Record<string, string>> {
  const keyRing = await openKeyRing({
    folder: join(product.dataFolder, 'keys'),
    name: 'access-tokens',
    algorithm: 'ES256',
    retainSeconds: 60,
    now: () => new Date(),
  })
  const real: SigningKey = keyRing.current()
  const claims = decodeJwt(tokens.owner)
  const sign = (changes: Record<string, unknown>) => forge({ ...claims, ...changes }, 'ES256', real.key, real.kid)
  const own = await generateKeyPair('ES256')
  const jwk = keyRing.jwks().keys.find((key) => key.kid === real.kid)!
  const publicKey = await importJWK(jwk, 'ES256', { extractable: true })
  const publicPem = new TextEncoder().encode(await exportSPKI(publicKey as CryptoKey))
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const control = await sign({})
  const accepted = await call(product.url, 'GET', '/v1/users/me', { token: control })
  if (accepted.status !== 200) throw new Error('the control token must be good, else the forged ones prove nothing')
  const [header = '', , signature = ''] = control.split('.')
  const unknownKey = await forge(claims, 'ES256', real.key, 'another')
  return {
    expired: await sign({ exp: now - 60, iat: now - 3660 }),
    'that never expires': await sign({ exp: undefined }),
    'not valid yet': await sign({ nbf: now + 600 }),
    'of another issuer': await sign({ iss: 'https://evil.example/auth/v1' }),
    'for another audience': await sign({ aud: 'somebody-else' }),
    'without a subject': await sign({ sub: undefined }),
    'signed by a stranger': await forge(claims, 'ES256', own.privateKey, real.kid),
    'signed by a key of no name': unknownKey,
    'with the claims changed': `${header}.${encode({ ...claims, aal: 'aal2' })}.${signature}`,
    'with alg none': `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`,
    'with the signature taken away': `${control.split('.').slice(0, 2).join('.')}.`,
    'signed by HS256 with the public key': await forge(claims, 'HS256', publicPem, real.kid),
    'cut short': control.slice(0, -8),
    'of the senders of messages': await product.signPush(`${product.services.config.FUNCTIONS_URL}/projects-list`),
    'that is none': 'not-a-token',
  }
}
