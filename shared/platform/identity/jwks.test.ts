import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openKeyRing } from './keys.ts'
import { createTokenVerifier } from './verify.ts'

const issuer = 'https://project.example/auth/v1'
const audience = 'authenticated'
const start = 1_800_000_000
const day = 24 * 3600

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

async function makeKey(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } as JWK }
}
let first: Awaited<ReturnType<typeof makeKey>>
let second: typeof first
beforeAll(async () => {
  first = await makeKey('first')
  second = await makeKey('second')
})

/** A key endpoint on loopback whose answer can be changed, a clock to turn, and a verifier between them. */
async function setUp(options: { timeoutSeconds?: number } = {}) {
  const endpoint = { requests: 0, answer: withKeys(first) }
  const server = createServer((request, response) => {
    endpoint.requests++
    endpoint.answer(request, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
  const clock = { seconds: start }
  const verifier = createTokenVerifier({
    issuer,
    audience,
    jwksUrl: url,
    now: () => new Date(clock.seconds * 1000),
    ...options,
  })
  let number = 0
  /** Verifies a token that was never seen before. */
  const verify = async (key = first) => {
    const token = await new SignJWT({ number: number++ })
      .setProtectedHeader({ alg: 'ES256', kid: key.kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject('someone')
      .setExpirationTime(clock.seconds + 3600)
      .sign(key.privateKey)
    return verifier.verify(token).then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    )
  }
  return { endpoint, clock, verify, url }
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void
const withText =
  (text: string, status = 200): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(text)
const withKeys = (...keys: { jwk: JWK }[]) => withText(JSON.stringify({ keys: keys.map((key) => key.jwk) }))
const down: Answer = (request) => void request.socket.destroy()

describe("the issuer's published keys", () => {
  it('are fetched once for many tokens at the same moment, and not again while they are fresh', async () => {
    const { endpoint, clock, verify } = await setUp()
    expect(await Promise.all(Array.from({ length: 50 }, () => verify()))).toEqual(Array(50).fill('accepted'))
    clock.seconds += 600
    expect(await verify()).toBe('accepted')
    expect(endpoint.requests).toBe(1)
  })

  it('are fetched anew in the background once they are 10 minutes old', async () => {
    const { endpoint, clock, verify } = await setUp()
    await verify()
    clock.seconds += 601
    endpoint.answer = withKeys(second)
    expect(await verify()).toBe('accepted')
    await expect.poll(() => verify(second)).toBe('accepted')
    expect(endpoint.requests).toBe(2)
    expect(await verify()).toBe('UNKNOWN_KEY')
  })

  it('are waited for after an idle time, so that a withdrawn key is not accepted', async () => {
    const { endpoint, clock, verify } = await setUp()
    await verify()
    endpoint.answer = withKeys(second)
    clock.seconds += 3600
    expect(await verify()).toBe('UNKNOWN_KEY')
  })

  it('go on being used for a day when they can no longer be fetched, and not longer', async () => {
    const { endpoint, clock, verify } = await setUp()
    await verify()
    for (const answer of [down, withText('oops', 500), withText('<html>'), withText('{"keys":[]}'), withText('{}')]) {
      endpoint.answer = answer
      clock.seconds += 4 * 3600
      expect(await verify()).toBe('accepted')
    }
    clock.seconds = start + day
    expect(await verify()).toBe('accepted')
    clock.seconds = start + day + 1
    expect(await verify()).toBe('KEYS_UNAVAILABLE')
    endpoint.answer = withKeys(first)
    clock.seconds += 61
    expect(await verify()).toBe('accepted')
  })

  it('that were never fetched make no token valid, and fetching them is retried with growing pauses', async () => {
    const { endpoint, clock, verify } = await setUp()
    endpoint.answer = down
    const attempts: number[] = []
    for (let second = 0; second < 130; second++) {
      const before = endpoint.requests
      expect(await verify()).toBe('KEYS_UNAVAILABLE')
      if (endpoint.requests > before) attempts.push(second)
      clock.seconds++
    }
    expect(attempts).toEqual([0, 1, 3, 7, 15, 31, 63, 123])
    endpoint.answer = withKeys(first)
    clock.seconds += 60
    expect(await verify()).toBe('accepted')
  })

  it('are fetched anew for a key id not seen before: a rotation is noticed at once', async () => {
    const { endpoint, clock, verify } = await setUp()
    await verify()
    clock.seconds += 31
    endpoint.answer = withKeys(first, second)
    expect(await verify(second)).toBe('accepted')
    expect(await verify(first)).toBe('accepted')
    expect(endpoint.requests).toBe(2)
  })

  it('follow an issuer through any number of rotations without one refused token', async () => {
    const { endpoint, clock, verify } = await setUp()
    const folder = await mkdtemp(join(tmpdir(), 'rotation-'))
    const ring = await openKeyRing({
      folder,
      name: 'keys',
      algorithm: 'ES256',
      retainSeconds: 7200,
      now: () => new Date(clock.seconds * 1000),
    })
    endpoint.answer = (_request, response) => void response.end(JSON.stringify(ring.jwks()))
    const signers = [ring.current()]
    for (let rotation = 0; rotation < 6; rotation++) {
      // Tokens of every key so far, at the same moment: right after a fetch, right after the rotation, and later.
      for (const pause of [0, 1, 20]) {
        clock.seconds += pause
        const results = await Promise.all(
          [...signers, ...signers].map(({ kid, key }) => verify({ ...first, kid, privateKey: key })),
        )
        expect(new Set(results)).toEqual(new Set(['accepted']))
      }
      await ring.rotate()
      signers.push(ring.current())
    }
    await rm(folder, { recursive: true })
  })

  it('are found by many tokens of a new key at the same moment, with one fetch, also just after another one', async () => {
    const { endpoint, clock, verify } = await setUp()
    await verify()
    clock.seconds += 1
    endpoint.answer = withKeys(first, second)
    const results = await Promise.all(Array.from({ length: 50 }, () => verify(second)))
    expect(new Set(results)).toEqual(new Set(['accepted']))
    expect(endpoint.requests).toBe(2)
  })

  it('keep nobody waiting for an endpoint that was down a moment ago: the last good ones are used meanwhile', async () => {
    const { endpoint, clock, verify } = await setUp({ timeoutSeconds: 60 })
    await verify()
    clock.seconds += 1201
    endpoint.answer = down
    expect(await verify()).toBe('accepted')
    const held: ServerResponse[] = []
    endpoint.answer = (_request, response) => void held.push(response)
    clock.seconds += 30
    // Answered although the fetch that it causes never ends by itself.
    expect(await verify()).toBe('accepted')
    await expect.poll(() => held.length).toBe(1)
    expect(await verify()).toBe('accepted')
    endpoint.answer = withKeys(second)
    endpoint.answer(held[0]!.req, held[0]!)
    await expect.poll(() => verify(second)).toBe('accepted')
    expect(await verify(first)).toBe('UNKNOWN_KEY')
  })

  it('that are down make a token of a new key wait for them, not wrong', async () => {
    const { endpoint, clock, verify } = await setUp()
    await verify()
    clock.seconds += 60
    endpoint.answer = down
    for (let attempt = 0; attempt < 5; attempt++) {
      expect(await verify(second)).toBe('KEYS_UNAVAILABLE')
      expect(await verify(first)).toBe('accepted')
      clock.seconds += 1
    }
    endpoint.answer = withKeys(first, second)
    clock.seconds += 60
    expect(await verify(second)).toBe('accepted')
  })

  it('are fetched no more than once in 30 s however many unknown key ids come', async () => {
    const { endpoint, clock, verify } = await setUp()
    await verify()
    for (let second = 0; second < 120; second++) {
      clock.seconds++
      const strangers = Array.from({ length: 5 }, (_, index) => verify({ ...first, kid: `unknown-${second}-${index}` }))
      expect(new Set(await Promise.all(strangers))).toEqual(new Set(['UNKNOWN_KEY']))
    }
    expect(endpoint.requests).toBe(1 + 4)
  })

  it('that come too slowly are given up', async () => {
    const { endpoint, verify } = await setUp({ timeoutSeconds: 0.2 })
    const trickle: Answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    }
    for (const answer of [trickle, () => {}] as Answer[]) {
      endpoint.answer = answer
      const started = performance.now()
      expect(await verify()).toBe('KEYS_UNAVAILABLE')
      expect(performance.now() - started).toBeLessThan(2_000)
    }
  })

  it('are not looked for where the endpoint redirects to, nor in an endless answer', async () => {
    const { endpoint, clock, verify, url } = await setUp()
    const answers: Answer[] = [
      (request, response) => {
        if (request.url === '/elsewhere') return withKeys(first)(request, response)
        response.writeHead(302, { location: new URL('/elsewhere', url).href }).end()
      },
      withText(JSON.stringify({ keys: [first.jwk], filler: 'x'.repeat(200_000) })),
    ]
    for (const answer of answers) {
      endpoint.answer = answer
      expect(await verify()).toBe('KEYS_UNAVAILABLE')
      clock.seconds += 61
    }
  })

  it('are taken one by one: a damaged, secret or foreign key does not spoil the others', async () => {
    const { endpoint, verify } = await setUp()
    const odd = [
      null,
      'key',
      {},
      { kty: 'oct', kid: 'first', k: 'c2VjcmV0' },
      { ...first.jwk, kid: 'damaged', x: 'AAAA' },
      { ...first.jwk, use: 'enc', kid: 'encryption' },
      { kty: 'RSA', kid: 'short', n: 'AQAB', e: 'AQAB' },
    ]
    endpoint.answer = withText(JSON.stringify({ keys: [...odd, first.jwk] }))
    expect(await verify()).toBe('accepted')
    expect(await verify({ ...first, kid: 'encryption' })).toBe('UNKNOWN_KEY')
  })
})
