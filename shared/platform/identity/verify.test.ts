import { createHmac } from 'node:crypto'
import { exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { fixedKeys } from './jwks.ts'
import { TokenError, type TokenErrorCode } from './token-error.ts'
import { createJwtChecker } from './verify.ts'

const issuer = 'https://project.example/auth/v1'
const audience = 'authenticated'
const start = 1_800_000_000
const subject = '4f2c1f8e-3b0a-4b9e-9a53-6f6b0f5f9f11'

let clock = start
const now = () => new Date(clock * 1000)

type Pair = Awaited<ReturnType<typeof makePair>>
async function makePair(algorithm: 'ES256' | 'RS256', kid: string) {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const { exportJWK } = await import('jose')
  return {
    algorithm,
    kid,
    publicKey,
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' },
  }
}

let elliptic: Pair
let rsa: Pair
let stranger: Pair
let check: ReturnType<typeof createJwtChecker>

beforeAll(async () => {
  ;[elliptic, rsa, stranger] = await Promise.all([
    makePair('ES256', 'elliptic-1'),
    makePair('RS256', 'rsa-1'),
    makePair('ES256', 'elliptic-1'),
  ])
  const set = { keys: [elliptic.jwk, rsa.jwk] }
  check = createJwtChecker({ issuer, keys: fixedKeys(() => set), now })
})

const claims = { iss: issuer, aud: audience, sub: subject, iat: start, exp: start + 3600 }

function sign(
  payload: Record<string, unknown>,
  { pair = elliptic, header = {} }: { pair?: Pair; header?: object } = {},
) {
  return new SignJWT(payload)
    .setProtectedHeader({ alg: pair.algorithm, kid: pair.kid, typ: 'JWT', ...header })
    .sign(pair.privateKey)
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

async function refusal(token: string, forAudience = audience): Promise<TokenErrorCode | 'accepted'> {
  try {
    await check(token, forAudience)
    return 'accepted'
  } catch (error) {
    if (error instanceof TokenError) return error.code
    throw error
  }
}

describe('an access token', () => {
  it('is accepted with ES256 and with RS256, and its claims are returned', async () => {
    clock = start
    for (const pair of [elliptic, rsa]) {
      const token = await sign({ ...claims, email: 'a@example.org', app_metadata: { provider: 'email' } }, { pair })
      expect(await check(token, audience)).toMatchObject({ sub: subject, email: 'a@example.org' })
    }
  })

  it('may list several audiences', async () => {
    expect(await refusal(await sign({ ...claims, aud: ['other', audience] }))).toBe('accepted')
  })

  it('without a signature (alg none) is refused', async () => {
    for (const alg of ['none', 'None', 'NONE', '']) {
      expect(await refusal(`${part({ alg, kid: elliptic.kid })}.${part(claims)}.`)).toBe('MALFORMED')
      expect(await refusal(`${part({ alg, kid: elliptic.kid })}.${part(claims)}.AAAA`)).toBe('ALGORITHM_NOT_ALLOWED')
    }
  })

  it('signed by HMAC with the public key as the secret is refused', async () => {
    const secrets = [await exportSPKI(rsa.publicKey), JSON.stringify(rsa.jwk), rsa.jwk.n ?? '']
    for (const secret of secrets) {
      for (const alg of ['HS256', 'RS256']) {
        const input = `${part({ alg, kid: rsa.kid, typ: 'JWT' })}.${part(claims)}`
        const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
        expect(await refusal(token)).toBe(alg === 'HS256' ? 'ALGORITHM_NOT_ALLOWED' : 'BAD_SIGNATURE')
      }
    }
  })

  it('of an algorithm that the named key is not for is refused', async () => {
    expect(await refusal(await sign(claims, { pair: { ...rsa, kid: elliptic.kid } }))).toBe('UNKNOWN_KEY')
    const other = await generateKeyPair('PS256')
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'PS256', kid: rsa.kid }).sign(other.privateKey)
    expect(await refusal(token)).toBe('ALGORITHM_NOT_ALLOWED')
  })

  it('signed by a stranger under a known key id is refused', async () => {
    expect(await refusal(await sign(claims, { pair: stranger }))).toBe('BAD_SIGNATURE')
  })

  it('with a key id that is a path, a query or no text is refused', async () => {
    for (const kid of [
      '../../dev/null',
      "x' or '1'='1",
      '__proto__',
      'constructor',
      'https://evil.example/key',
      'x'.repeat(2000),
    ]) {
      expect(await refusal(await sign(claims, { header: { kid } }))).toBe('UNKNOWN_KEY')
    }
    for (const kid of [undefined, null, '', 7, {}, ['elliptic-1']]) {
      expect(await refusal(`${part({ alg: 'ES256', kid })}.${part(claims)}.AAAA`)).toBe('MALFORMED')
    }
  })

  it('never supplies its own key: jwk, jku, x5u and x5c headers are not looked at', async () => {
    const header = {
      jwk: stranger.jwk,
      jku: 'https://evil.example/jwks.json',
      x5u: 'https://evil.example/c.pem',
      x5c: ['AA=='],
    }
    expect(await refusal(await sign(claims, { pair: stranger, header }))).toBe('BAD_SIGNATURE')
    expect(await refusal(await sign(claims, { pair: { ...stranger, kid: 'mine' }, header }))).toBe('UNKNOWN_KEY')
    // And they do no harm on a good token.
    expect(await refusal(await sign(claims, { header }))).toBe('accepted')
  })

  it('is refused once it has expired, with 5 s for clocks that differ', async () => {
    const token = await sign({ ...claims, exp: start + 100 })
    const at = async (seconds: number) => {
      clock = start + seconds
      return refusal(token)
    }
    expect(await at(99)).toBe('accepted')
    expect(await at(104)).toBe('accepted')
    expect(await at(105)).toBe('EXPIRED')
    expect(await at(1e9)).toBe('EXPIRED')
    clock = start
  })

  it('is refused before its time, with 5 s for clocks that differ', async () => {
    expect(await refusal(await sign({ ...claims, nbf: start + 5 }))).toBe('accepted')
    expect(await refusal(await sign({ ...claims, nbf: start + 6 }))).toBe('NOT_YET_VALID')
  })

  it('without sub or exp, or with an empty one, is refused', async () => {
    const { sub: _sub, ...withoutSubject } = claims
    const { exp: _exp, ...withoutExpiry } = claims
    expect(await refusal(await sign(withoutSubject))).toBe('MISSING_CLAIM')
    expect(await refusal(await sign({ ...claims, sub: '' }))).toBe('MISSING_CLAIM')
    expect(await refusal(await sign(withoutExpiry))).toBe('MISSING_CLAIM')
  })

  it('with a time that is no number is refused', async () => {
    const input = `${part({ alg: 'ES256', kid: elliptic.kid })}.`
    for (const wrong of [{ exp: '9999999999' }, { exp: null }, { exp: [9e9] }, { nbf: 'now' }, { sub: 7 }]) {
      const body = part({ ...claims, ...wrong })
      const token = await signRaw(`${input}${body}`)
      expect(['MALFORMED', 'MISSING_CLAIM']).toContain(await refusal(token))
    }
  })

  it('of another issuer or for another audience is refused', async () => {
    expect(await refusal(await sign({ ...claims, iss: 'https://other.example/auth/v1' }))).toBe('WRONG_ISSUER')
    expect(await refusal(await sign({ ...claims, iss: `${issuer}/` }))).toBe('WRONG_ISSUER')
    expect(await refusal(await sign({ ...claims, aud: 'anon' }))).toBe('WRONG_AUDIENCE')
    expect(await refusal(await sign({ ...claims, aud: [] }))).toBe('WRONG_AUDIENCE')
    const { iss: _iss, ...withoutIssuer } = claims
    const { aud: _aud, ...withoutAudience } = claims
    expect(await refusal(await sign(withoutIssuer))).toBe('MISSING_CLAIM')
    expect(await refusal(await sign(withoutAudience))).toBe('MISSING_CLAIM')
  })

  it('that was verified for one audience is not taken for another', async () => {
    const token = await sign(claims)
    expect(await refusal(token)).toBe('accepted')
    expect(await refusal(token, 'other')).toBe('WRONG_AUDIENCE')
    expect(await refusal(token)).toBe('accepted')
  })

  it('that demands an extension (crit) is refused', async () => {
    const body = `${part({ alg: 'ES256', kid: elliptic.kid, crit: ['exp'], exp: start })}.${part(claims)}`
    expect(await refusal(await signRaw(body))).toBe('MALFORMED')
    const unencoded = `${part({ alg: 'ES256', kid: elliptic.kid, crit: ['b64'], b64: false })}.${part(claims)}`
    expect(await refusal(await signRaw(unencoded))).toBe('MALFORMED')
  })

  it('is refused with a line break, blank, padding or other foreign character anywhere', async () => {
    const token = await sign(claims)
    for (const extra of ['\n', '\r\n', ' ', '\t', '=', '+', '/', '\0', 'é', '.', '\u200b']) {
      for (const at of [0, 10, token.indexOf('.') + 1, token.lastIndexOf('.') + 5, token.length]) {
        expect(await refusal(token.slice(0, at) + extra + token.slice(at))).toBe('MALFORMED')
      }
    }
  })

  it('with any one character changed is refused', async () => {
    const token = await sign(claims)
    for (let index = 0; index < token.length; index++) {
      if (token[index] === '.') continue
      // The lowest bits of a part's last character may carry no data: change the highest.
      const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      const changed = letters[letters.indexOf(token[index]!) ^ 32]
      expect(await refusal(token.slice(0, index) + changed + token.slice(index + 1))).not.toBe('accepted')
    }
  })

  it('that is huge, empty or no token at all is refused, at once', async () => {
    const started = performance.now()
    const huge = await sign({ ...claims, filler: 'x'.repeat(10_000) })
    const nested = `${part({ alg: 'ES256', kid: elliptic.kid })}.${Buffer.from('['.repeat(5_000)).toString('base64url')}.AAAA`
    const shapes = [
      huge,
      nested,
      '',
      '.',
      '..',
      '...',
      'a.b',
      'a.b.c',
      'a.b.c.d.e',
      'null',
      `${part([])}.${part([])}.AAAA`,
    ]
    for (const token of [...shapes, 'x'.repeat(10_000_000), '.'.repeat(8_000)]) {
      expect(['MALFORMED', 'BAD_SIGNATURE']).toContain(await refusal(token))
    }
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  it('leaves no part of itself in the error', async () => {
    const token = await sign({ ...claims, exp: start - 100 })
    const error = await check(token, audience).catch((reason: unknown) => reason)
    for (const section of token.split('.')) expect(String(error)).not.toContain(section)
  })
})

describe('a token that was verified before', () => {
  it('is answered from memory for 60 s and no longer than it is valid', async () => {
    let lookups = 0
    const source = fixedKeys(() => ({ keys: [elliptic.jwk] }))
    const counted = createJwtChecker({
      issuer,
      now,
      keys: {
        find(kid, algorithm) {
          lookups++
          return source.find(kid, algorithm)
        },
      },
    })
    clock = start
    const long = await sign(claims)
    await counted(long, audience)
    clock = start + 59
    await counted(long, audience)
    expect(lookups).toBe(1)
    clock = start + 60
    await counted(long, audience)
    expect(lookups).toBe(2)

    const short = await sign({ ...claims, exp: start + 70 })
    await counted(short, audience)
    clock = start + 76
    await expect(counted(short, audience)).rejects.toMatchObject({ code: 'EXPIRED' })
    clock = start
  })

  it("can't be changed by whoever got its claims first", async () => {
    const token = await sign({ ...claims, app_metadata: { roles: ['viewer'] } })
    const first = await check(token, audience)
    expect(() => Object.assign(first, { sub: 'someone else' })).toThrow(TypeError)
    expect(() => (first.app_metadata as { roles: string[] }).roles.push('owner')).toThrow(TypeError)
    expect(await check(token, audience)).toMatchObject({ sub: subject, app_metadata: { roles: ['viewer'] } })
  })

  it('is forgotten when 5,000 others came after it', async () => {
    let lookups = 0
    const source = fixedKeys(() => ({ keys: [elliptic.jwk] }))
    const counted = createJwtChecker({
      issuer,
      now,
      keys: {
        find(kid, algorithm) {
          lookups++
          return source.find(kid, algorithm)
        },
      },
    })
    const tokens = await Promise.all(Array.from({ length: 5_001 }, (_, number) => sign({ ...claims, number })))
    for (const token of tokens) await counted(token, audience)
    lookups = 0
    await counted(tokens[1]!, audience)
    expect(lookups).toBe(0)
    await counted(tokens[0]!, audience)
    expect(lookups).toBe(1)
  })

  it('costs a small part of a signature check', async () => {
    const token = await sign({ ...claims, email: 'a@example.org', app_metadata: { provider: 'email' } })
    const uncached = async () => {
      const fresh = createJwtChecker({ issuer, keys: fixedKeys(() => ({ keys: [elliptic.jwk] })), now })
      const tokens = await Promise.all(Array.from({ length: 200 }, (_, number) => sign({ ...claims, number })))
      const started = performance.now()
      for (const one of tokens) await fresh(one, audience)
      return (performance.now() - started) / tokens.length
    }
    const cached = async () => {
      const started = performance.now()
      for (let round = 0; round < 20_000; round++) await check(token, audience)
      return (performance.now() - started) / 20_000
    }
    await cached()
    const [slow, fast] = [await uncached(), await cached()]
    expect(fast * 5).toBeLessThan(slow)
  })
})

async function signRaw(input: string): Promise<string> {
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    elliptic.privateKey,
    Buffer.from(input),
  )
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}
