import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { createSupabaseIdentity } from '#shared/platform/identity/supabase.ts'
import { createTokenVerifier } from '#shared/platform/identity/verify.ts'
import { type KeyEndpoint, type KeyWeather, startKeyEndpoint } from '../fakes/key-endpoint.ts'
import { type Instance, startInstance } from '../setup/instance.ts'
import { type Answer, call, startTestProduct, type TestProduct, testPassword } from '../setup/product.ts'

const timeoutSeconds = 1
const cacheSeconds = 300
const maximumAgeSeconds = 1_200

let product: TestProduct
let keys: KeyEndpoint
let instance: Instance
let passedSeconds: number
const opened: Instance[] = []

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
})
afterAll(() => product.stop())
beforeEach(async () => {
  passedSeconds = 0
  keys = await startKeyEndpoint(() => product.issuer.jwks())
  instance = await freshInstance()
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop()
  await keys.stop()
})

/** An instance that was started just now: it knows no keys. */
async function freshInstance(): Promise<Instance> {
  const verifier = createTokenVerifier({
    issuer: `${product.url}/auth/v1`,
    audience: product.services.config.TOKEN_AUDIENCE,
    jwksUrl: keys.url,
    now: () => new Date(Date.now() + passedSeconds * 1000),
    cacheSeconds,
    maximumAgeSeconds,
    timeoutSeconds,
  })
  const started = await startInstance(
    {
      ...product.services,
      async verifyAccessToken(token) {
        const { sub, email = '', aal = 'aal1' } = await verifier.verify(token)
        return { sub, email, aal }
      },
    },
    product.functions,
  )
  opened.push(started)
  return started
}

async function newCaller(): Promise<string> {
  const token = await product.signUp()
  await call(product.url, 'POST', '/v1/organizations', { token, body: { name: newId() } })
  return token
}

/** Another token of somebody new, which no cache knows. */
const read = (token: string, url = instance.url) => call(url, 'GET', '/v1/users/me', { token })

function expectUnavailable(answer: Answer): void {
  expect(answer.body).toEqual({
    error: {
      code: 'UNAVAILABLE',
      message: 'Sign-in keys cannot be fetched right now',
      details: [],
      trace_id: answer.headers.get('x-request-id'),
    },
  })
  expect(answer.status).toBe(503)
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
}

const storms: KeyWeather[] = ['hangs up', 'error', 'garbage', 'empty', 'no list', 'huge', 'moved']

describe('keys that can’t be had when an instance starts', () => {
  test.each([...storms, 'silent' as const])(
    'because the endpoint is in trouble (%s): 503 until it is fine, then everything works',
    async (weather) => {
      const token = await newCaller()
      keys.weather = weather
      expectUnavailable(await read(token))
      // Nobody is asked again while the trouble is fresh; what needs no token works.
      expectUnavailable(await read(token))
      expect(keys.asked).toBe(1)
      expect((await call(instance.url, 'GET', '/v1/openapi.json')).status).toBe(200)
      keys.weather = 'fine'
      passedSeconds += 2
      expect((await read(token)).status).toBe(200)
    },
  )

  test('a token that is none is refused all the same: it takes no key to see that', async () => {
    keys.weather = 'error'
    expect((await read('none')).status).toBe(401)
    expect((await call(instance.url, 'GET', '/v1/users/me')).status).toBe(401)
    expect(keys.asked).toBe(0)
  })

  test('an API key works, since it needs none of them', async () => {
    const token = await newCaller()
    const made = await call(product.url, 'POST', '/v1/api-keys', {
      token,
      body: { name: 'SIEM', scopes: ['intelligence:read'] },
    })
    keys.weather = 'silent'
    expect((await call(instance.url, 'GET', '/v1/projects', { token: made.body.key })).status).toBe(200)
  })

  test('fifty requests at the same moment wait for one fetch, not one after the other', async () => {
    keys.weather = 'silent'
    const tokens = await Promise.all(Array.from({ length: 5 }, newCaller))
    const startedAt = performance.now()
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => read(tokens[at % 5]!)))
    for (const answer of answers) expectUnavailable(answer)
    expect(keys.asked).toBe(1)
    expect(performance.now() - startedAt).toBeLessThan(10 * timeoutSeconds * 1000)
  })
})

describe('keys that can’t be had later', () => {
  test('are not missed until the last good ones are too old', async () => {
    const [first, second, third, last] = [await newCaller(), await newCaller(), await newCaller(), await newCaller()]
    expect((await read(first)).status).toBe(200)
    for (const weather of storms) {
      keys.weather = weather
      passedSeconds += 130
      expect((await read(weather === 'garbage' ? second : first)).status, weather).toBe(200)
    }
    expect(passedSeconds).toBeLessThan(maximumAgeSeconds)
    passedSeconds = maximumAgeSeconds - 10
    expect((await read(third)).status).toBe(200)
    passedSeconds = maximumAgeSeconds + 70
    expectUnavailable(await read(last))
    keys.weather = 'fine'
    passedSeconds += 70
    for (const token of [first, last]) expect((await read(token)).status).toBe(200)
  })

  test('hold nobody up: while one request finds the endpoint silent, all others go on', async () => {
    const token = await newCaller()
    expect((await read(token)).status).toBe(200)
    keys.weather = 'silent'
    passedSeconds = 2 * cacheSeconds + 10
    const startedAt = performance.now()
    for (let round = 0; round < 4; round++) {
      passedSeconds += 61
      const answers = await Promise.all(Array.from({ length: 10 }, () => read(token)))
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    }
    // The first may wait once for the whole timeout.
    expect(performance.now() - startedAt).toBeLessThan(4 * timeoutSeconds * 1000)
    expect(keys.asked).toBeLessThan(10)
  })
})

describe('keys that change', () => {
  test('under load refuse nobody: neither old tokens nor new ones, in no instance', async () => {
    const email = `${newId()}@example.org`
    const tokens = [await product.signUp(email), await newCaller()]
    const urls = [product.url, instance.url, (await freshInstance()).url]
    const statuses: Record<number, number> = {}
    let isOver = false
    const workers = urls.flatMap((url) =>
      [0, 1].map(async (worker) => {
        for (let round = worker; !isOver; round++) {
          const { status } = await read(tokens[round % tokens.length]!, url)
          statuses[status] = (statuses[status] ?? 0) + 1
        }
      }),
    )
    for (let rotation = 0; rotation < 3; rotation++) {
      await product.issuer.rotate()
      const body = { email, password: testPassword }
      const signedIn = await call(product.url, 'POST', '/v1/auth/token', { body })
      expect(signedIn.status).toBe(200)
      tokens.push(signedIn.body.access_token ?? signedIn.body.session.access_token)
      await read(tokens.at(-1)!)
    }
    isOver = true
    await Promise.all(workers)
    expect(Object.keys(statuses)).toEqual(['200'])
    expect(statuses[200]).toBeGreaterThan(20)
    for (const url of urls) {
      for (const token of tokens) expect((await read(token, url)).status).toBe(200)
    }
  })

  test('don’t let a flood of tokens with unknown keys reach the endpoint', async () => {
    const token = await newCaller()
    expect((await read(token)).status).toBe(200)
    const [, payload, signature] = token.split('.')
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => {
        const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: `unknown-${at}`, typ: 'JWT' }))
        return read(`${header.toString('base64url')}.${payload}.${signature}`)
      }),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(401))
    expect(keys.asked).toBeLessThanOrEqual(2)
    expect((await read(token)).status).toBe(200)
  })
})

test('an identity provider that is down takes only with it what has to ask it', async () => {
  const token = await newCaller()
  const closed = await startKeyEndpoint(() => ({}))
  const url = new URL(closed.url).origin
  await closed.stop()
  const { services, functions } = product
  const cut = await startInstance({ ...services, identity: createSupabaseIdentity({ url, key: 'local' }) }, functions)
  opened.push(cut)
  const refused = await call(cut.url, 'POST', '/v1/auth/token', { body: { email: 'a@example.org', password: 'x' } })
  expect([refused.status, refused.body.error?.code]).toEqual([503, 'UNAVAILABLE'])
  expect(refused.headers.get('retry-after')).toBeTruthy()
  // Whether there is a second factor to be shown, nobody can say now.
  const keyDraft = { name: 'SIEM', scopes: ['intelligence:read'] }
  expect((await call(cut.url, 'POST', '/v1/api-keys', { token, body: keyDraft })).status).toBe(503)
  expect((await call(cut.url, 'POST', '/v1/projects', { token, body: { name: newId() } })).status).toBe(201)
  expect(JSON.stringify(refused.body)).not.toContain(url)
})
