import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type ErrorCode, errorStatus } from '#shared/domain/errors.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Route } from '#shared/runtime/declarations.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import type { MakeRouteExample, RouteExample } from '#shared/runtime/examples.ts'
import { type Answer, type CallOptions, call } from '../setup/product.ts'
import { sendExample } from './send.ts'
import { allowedOrigin, createWorld, loadExample, type World } from './world.ts'

/** Every route there is, found as the product finds them: a new one is covered the moment its folder exists. */
const routes = (await discoverFunctions()).flatMap(({ name, folder, declaration }) =>
  declaration.kind === 'route' ? [{ name, folder, route: declaration as Route }] : [],
)

let world: World

beforeAll(async () => {
  world = await createWorld(inject('clusterUrl'))
})
afterAll(() => world.stop())

function expectError(answer: Answer, code: ErrorCode): void {
  expect(answer.body).toMatchObject({ error: { code, trace_id: answer.headers.get('x-request-id') } })
  expect(answer.status).toBe(errorStatus[code])
  expect(JSON.stringify(answer.body)).not.toMatch(/\bat .*\.ts:|postgres|select |insert /i)
}

for (const { name, folder, route } of routes) {
  describe(`${name}: ${route.method} ${route.path}`, () => {
    let make: MakeRouteExample
    beforeAll(async () => {
      make = await loadExample<MakeRouteExample>(folder)
    })

    const send = (example: RouteExample, options?: CallOptions, query = example.query) =>
      sendExample(world, route, { ...example, ...(query && { query }) }, options)

    test('a valid request is answered as declared', async () => {
      const example = await make(world)
      const answer = await send(example)
      expect(answer.status, JSON.stringify(answer.body)).toBe(example.status)
      expect(Object.keys(route.responses).map(Number)).toContain(answer.status)
      expect(answer.headers.get('x-request-id')).toBeTruthy()
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      expect(answer.headers.get('strict-transport-security')).toContain('max-age')
    })

    test("the caller's request id comes back", async () => {
      const requestId = newId()
      const answer = await send(await make(world), { headers: { 'x-request-id': requestId } })
      expect(answer.headers.get('x-request-id')).toBe(requestId)
    })

    test('another method is 405 and says which', async () => {
      const example = await make(world)
      const path = route.path.replace(/\{(\w+)\}/g, (_, key: string) => example.params?.[key] ?? '')
      const taken = new Set<string>(
        routes.filter((one) => one.route.path === route.path).map((one) => one.route.method),
      )
      const wrong = ['PUT', 'POST', 'PATCH', 'DELETE'].find((method) => !taken.has(method))
      const answer = await call(world.product.url, wrong ?? 'PROPFIND', path, { token: world.tokens.owner })
      expectError(answer, 'METHOD_NOT_ALLOWED')
      expect(answer.headers.get('allow')).toBeTruthy()
    })

    test('a preflight is answered for the origins that are allowed and for no others', async () => {
      const preflight = (origin: string) =>
        call(world.product.url, 'OPTIONS', route.path, {
          headers: { origin, 'access-control-request-method': route.method },
        })
      const stranger = await preflight('https://evil.example')
      expect(stranger.headers.get('access-control-allow-origin')).toBeNull()
      const friend = await preflight(allowedOrigin)
      expect(friend.headers.get('access-control-allow-origin')).toBe(allowedOrigin)
      expect(friend.headers.get('access-control-allow-methods')).toContain(route.method)
    })

    test('an unknown query parameter is 422', async () => {
      const example = await make(world)
      expectError(await send(example, {}, { ...example.query, surprise: '1' }), 'VALIDATION_ERROR')
    })

    if (route.path.includes('{') && route.access !== 'public') {
      test('a malformed id is 422 and leaks nothing', async () => {
        const example = await make(world)
        const answer = await send({ ...example, params: mapValues(example.params ?? {}, () => "x'--") })
        expectError(answer, 'VALIDATION_ERROR')
      })

      test('an id of nothing is 404', async () => {
        const example = await make(world)
        // Flags go by their names.
        const nothing = (id: string) => (id.startsWith('FEATURE_') ? `${id}_X` : newId())
        expectError(await send({ ...example, params: mapValues(example.params ?? {}, nothing) }), 'NOT_FOUND')
      })
    }

    if (route.ifMatch) {
      test('what was changed since it was read is not overwritten', async () => {
        const example = await make(world)
        expectError(await send(example, { headers: { 'if-match': '"stale"' } }), 'PRECONDITION_FAILED')
        expect((await send(example, { headers: { 'if-match': '*' } })).status).toBe(example.status)
      })
    }

    if (route.body) {
      test('a malformed body is 422', async () => {
        const example = await make(world)
        const answer = await send({ ...example, body: undefined }, { rawBody: '{"name": ' })
        expectError(answer, 'VALIDATION_ERROR')
      })

      test('a body of another media type is 415', async () => {
        const answer = await send(await make(world), { headers: { 'content-type': 'text/xml' } })
        expectError(answer, 'UNSUPPORTED_MEDIA_TYPE')
      })

      test('an oversized body is 413', async () => {
        const answer = await send({ ...(await make(world)), body: { name: 'x'.repeat(1_100_000) } })
        expectError(answer, 'PAYLOAD_TOO_LARGE')
      })

      test('text that no database can hold is 422, in every field', async () => {
        const example = await make(world)
        const body = example.body as Record<string, unknown>
        for (const [field, value] of Object.entries(body)) {
          if (typeof value !== 'string') continue
          for (const broken of ['a\0b', 'a\ud800b']) {
            const answer = await send({ ...example, body: { ...body, [field]: broken } })
            // A password may be anything: it is hashed, and then simply wrong.
            if (field !== 'password') expectError(answer, 'VALIDATION_ERROR')
            expect(answer.status, field).toBeLessThan(500)
          }
        }
      })

      test('a body that is no object is 422', async () => {
        for (const body of [[], 'text', 1, null]) {
          expectError(await send({ ...(await make(world)), body }), 'VALIDATION_ERROR')
        }
      })
    }
  })
}

function mapValues<Value>(record: Record<string, Value>, change: (value: Value) => Value): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
