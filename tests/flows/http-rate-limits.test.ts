import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Services } from '#shared/runtime/services.ts'
import { MemoryState } from '../fakes/state-store.ts'
import { type Instance, startInstance } from '../setup/instance.ts'
import { type Answer, type CallOptions, call, startTestProduct, type TestProduct } from '../setup/product.ts'

const perMinute = 60
let product: TestProduct
const instances: Instance[] = []

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
})
afterAll(async () => {
  for (const instance of instances) await instance.stop()
  await product.stop()
})

/** One more instance with limits of its own, which shares them with others through the product's state store. */
async function instanceWith(config: Partial<Services['config']>, changes: Partial<Services> = {}): Promise<Instance> {
  const { services, functions } = product
  const instance = await startInstance(
    { ...services, ...changes, config: { ...services.config, ...config } },
    functions,
  )
  instances.push(instance)
  return instance
}

async function newCaller(): Promise<string> {
  const token = await product.signUp()
  await call(product.url, 'POST', '/v1/organizations', { token, body: { name: newId() } })
  return token
}

const limitOf = ({ headers }: Answer) => {
  const read = (name: string) => {
    const text = headers.get(`x-ratelimit-${name}`)
    expect(text, name).toMatch(/^\d+$/)
    return Number(text)
  }
  return { limit: read('limit'), remaining: read('remaining'), reset: read('reset') }
}

/** Asks, one after the other or many at once, until some are refused. */
async function exhaust(urls: readonly string[], options: CallOptions, requests: number, path = '/v1/projects') {
  const startedAt = performance.now()
  const answers: Answer[] = []
  for (let at = 0; at < requests; at += 10) {
    const batch = Array.from({ length: 10 }, (_, next) => call(urls[(at + next) % urls.length]!, 'GET', path, options))
    answers.push(...(await Promise.all(batch)))
  }
  const refused = answers.filter(({ status }) => status === 429)
  const refilled = Math.ceil(((performance.now() - startedAt) / 60_000) * perMinute)
  return { passed: answers.length - refused.length, refused, refilled, answers }
}

describe('every answer', () => {
  test('says what is left, whatever it is', async () => {
    const { url } = await instanceWith({ RATE_LIMIT_PRINCIPAL_PER_MINUTE: perMinute })
    const token = await newCaller()
    const first = await call(url, 'GET', '/v1/projects', { token })
    const etag = first.headers.get('etag')!
    const answers = {
      200: first,
      304: await call(url, 'GET', '/v1/projects', { token, headers: { 'if-none-match': etag } }),
      404: await call(url, 'GET', `/v1/projects/${newId()}`, { token }),
      422: await call(url, 'POST', '/v1/projects', { token, body: {} }),
    }
    for (const [status, answer] of Object.entries(answers)) {
      expect(answer.status).toBe(Number(status))
      const { limit, remaining, reset } = limitOf(answer)
      expect(limit).toBe(perMinute)
      expect(remaining).toBeLessThan(perMinute)
      expect(reset).toBe(Math.ceil(((limit - remaining) * 60) / limit))
    }
    const addressLimit = product.services.config.RATE_LIMIT_ADDRESS_PER_MINUTE
    for (const [status, method, options] of [
      [401, 'GET', {}],
      [401, 'GET', { token: 'none' }],
      [405, 'PUT', { token }],
      [204, 'OPTIONS', {}],
    ] as const) {
      const answer = await call(url, method, '/v1/projects', options)
      expect([answer.status, limitOf(answer).limit]).toEqual([status, addressLimit])
    }
  })
})

describe('a caller', () => {
  test('beyond the limit is told when to go on, and others are not held up', async () => {
    const { url } = await instanceWith({ RATE_LIMIT_PRINCIPAL_PER_MINUTE: perMinute })
    const [token, other] = [await newCaller(), await newCaller()]
    const { passed, refused, refilled } = await exhaust([url], { token }, 90)
    expect(passed).toBeGreaterThanOrEqual(perMinute * 0.8)
    expect(passed).toBeLessThanOrEqual(perMinute + refilled + 3)
    for (const { body, headers } of refused) {
      expect(body.error).toMatchObject({ code: 'RATE_LIMITED', trace_id: headers.get('x-request-id') })
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
    expect((await call(url, 'GET', '/v1/projects', { token: other })).status).toBe(200)
  })

  test('has one limit over all of their tokens and methods, and an API key has its own', async () => {
    const { url } = await instanceWith({ RATE_LIMIT_PRINCIPAL_PER_MINUTE: perMinute }, { state: null })
    const token = await newCaller()
    const made = await call(product.url, 'POST', '/v1/api-keys', {
      token,
      body: { name: 'SIEM', scopes: ['intelligence:read'] },
    })
    const remaining = async (options: CallOptions, method = 'GET') =>
      limitOf(await call(url, method, '/v1/projects', options)).remaining
    const first = await remaining({ token })
    expect(await remaining({ token }, 'HEAD')).toBe(first - 1)
    expect(await remaining({ token: made.body.key })).toBe(first)
    expect(await remaining({ token, body: { name: newId() } }, 'POST')).toBe(first - 2)
  })

  test('pays for a route what it declares', async () => {
    const { url } = await instanceWith({ RATE_LIMIT_PRINCIPAL_PER_MINUTE: perMinute }, { state: null })
    const token = await newCaller()
    const remaining = async (path: string) => limitOf(await call(url, 'GET', path, { token })).remaining
    const first = await remaining('/v1/projects')
    const costs = { '/v1/projects': 1, '/v1/usage': 5, '/v1/audit-logs/verification': 20 }
    let left = first
    for (const [path, cost] of Object.entries(costs)) {
      const { declaration } = product.functions.find(
        (one) => one.declaration.kind === 'route' && one.declaration.path === path,
      )!
      expect(declaration.kind === 'route' && (declaration.cost ?? 1), path).toBe(cost)
      left -= cost
      // A slow minute may have given one back.
      expect([left, left + 1], path).toContain(await remaining(path))
    }
  })

  test('pays for what is refused too: looking into it costs as much', async () => {
    const token = await newCaller()
    const draft = { name: 'SIEM', scopes: ['audit:read'] }
    const { body } = await call(product.url, 'POST', '/v1/api-keys', { token, body: draft })
    const refusals: [number, CallOptions, string][] = [
      [404, { token, headers: { 'x-org-id': newId() } }, '/v1/projects'],
      [403, { token }, '/v1/operator/flags'],
      [403, { token: body.key }, '/v1/projects'],
    ]
    for (const [status, options, path] of refusals) {
      const { url } = await instanceWith({ RATE_LIMIT_PRINCIPAL_PER_MINUTE: perMinute }, { state: null })
      const { passed, refilled, answers } = await exhaust([url], options, 90, path)
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([status, 429]))
      expect(passed).toBeLessThanOrEqual(perMinute + refilled + 3)
      for (const answer of answers) expect(limitOf(answer).limit).toBe(perMinute)
    }
  })

  test('shares one limit between all instances of the product', async () => {
    const limits = { RATE_LIMIT_PRINCIPAL_PER_MINUTE: perMinute }
    const urls = [(await instanceWith(limits)).url, (await instanceWith(limits)).url, (await instanceWith(limits)).url]
    const { passed, refilled } = await exhaust(urls, { token: await newCaller() }, 180)
    // Each instance passes a twentieth of the limit on credit before it has heard of the others.
    expect(passed).toBeLessThanOrEqual(perMinute + refilled + 3 * 3)
    expect(passed).toBeGreaterThanOrEqual(perMinute * 0.5)
  })
})

describe('an address', () => {
  const limits = { RATE_LIMIT_ADDRESS_PER_MINUTE: perMinute }
  const own = () => ({ state: new MemoryState(() => new Date()) })
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })

  test('has a limit of its own, for all who come from it, before anybody is asked who they are', async () => {
    const { url } = await instanceWith(limits, own())
    const token = await newCaller()
    const { passed, refused, refilled, answers } = await exhaust([url], { token: 'none' }, 90)
    expect(passed).toBeLessThanOrEqual(perMinute + refilled + 3)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]))
    expect(refused.length).toBeGreaterThan(0)
    expect((await call(url, 'GET', '/v1/projects', { token })).status).toBe(429)
    expect((await call(url, 'OPTIONS', '/v1/projects')).status).toBe(429)
  })

  test('is the one of the connection when no proxy of ours is in front, whatever a client claims', async () => {
    const { url } = await instanceWith(limits, own())
    const { refused } = await exhaust([url], from('198.51.100.1'), 90, '/v1/openapi.json')
    expect(refused.length).toBeGreaterThan(0)
    for (const address of ['203.0.113.7', '2001:db8::7', '127.0.0.1, 203.0.113.8']) {
      expect((await call(url, 'GET', '/v1/openapi.json', from(address))).status).toBe(429)
    }
  })

  test('behind proxies of ours is the one that they saw, and what stands further left is not believed', async () => {
    const { url } = await instanceWith({ ...limits, TRUSTED_PROXY_HOPS: 2 }, own())
    const list = (client: string) => from(`10.9.9.9, ${client}, 35.191.0.1`)
    const { refused } = await exhaust([url], list('198.51.100.1'), 90, '/v1/openapi.json')
    expect(refused.length).toBeGreaterThan(0)
    const statusOf = async (forwarded: string) => (await call(url, 'GET', '/v1/openapi.json', from(forwarded))).status
    expect(await statusOf('203.0.113.7, 198.51.100.1, 35.191.0.1')).toBe(429)
    expect(await statusOf('::ffff:198.51.100.1, 35.191.0.1')).toBe(429)
    expect(await statusOf('198.51.100.1, 203.0.113.7, 35.191.0.1')).toBe(200)
  })

  test('of IPv6 is a network of 64 bits', async () => {
    const { url } = await instanceWith({ ...limits, TRUSTED_PROXY_HOPS: 1 }, own())
    const { refused } = await exhaust([url], from('2001:db8:1:2:aaaa::1'), 90, '/v1/openapi.json')
    expect(refused.length).toBeGreaterThan(0)
    const statusOf = async (address: string) => (await call(url, 'GET', '/v1/openapi.json', from(address))).status
    expect(await statusOf('2001:db8:1:2:bbbb::2')).toBe(429)
    expect(await statusOf('2001:db8:1:3::1')).toBe(200)
  })
})
