import { join } from 'node:path'
import { type CryptoKey, decodeJwt, exportSPKI, generateKeyPair, importJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type ErrorCode, errorStatus } from '#shared/domain/errors.ts'
import { newId } from '#shared/domain/ids.ts'
import { isAllowed, keyScopes, roles } from '#shared/domain/tenancy/permissions.ts'
import { openKeyRing, type SigningKey } from '#shared/platform/identity/keys.ts'
import type { Route } from '#shared/runtime/declarations.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import type { MakeRouteExample, RouteExample } from '#shared/runtime/examples.ts'
import { type Answer, type CallOptions, call } from '../setup/product.ts'
import { allowedOrigin, createWorld, forge, loadExample, type World } from './world.ts'

/** Every route there is, found as the product finds them: a new one is covered the moment its folder exists. */
const routes = (await discoverFunctions()).flatMap(({ name, folder, declaration }) =>
  declaration.kind === 'route' ? [{ name, folder, route: declaration as Route }] : [],
)

let world: World
let forged: Record<string, string>

beforeAll(async () => {
  world = await createWorld(inject('clusterUrl'))
  forged = await forgeTokens(world)
})
afterAll(() => world.stop())

/** One token for each way in which a JWT can be bad (RFC 8725). */
async function forgeTokens({ product, tokens }: World): Promise<Record<string, string>> {
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
  const none = [{ alg: 'none', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  const now = Math.floor(Date.now() / 1000)
  const control = await sign({})
  const accepted = await call(product.url, 'GET', '/v1/users/me', { token: control })
  if (accepted.status !== 200) throw new Error('the control token must be good, else the forged ones prove nothing')
  return {
    expired: await sign({ exp: now - 60, iat: now - 3660 }),
    'not valid yet': await sign({ nbf: now + 600 }),
    'of another issuer': await sign({ iss: 'https://evil.example/auth/v1' }),
    'for another audience': await sign({ aud: 'somebody-else' }),
    'without a subject': await sign({ sub: undefined }),
    'signed by a stranger': await forge(claims, 'ES256', own.privateKey, real.kid),
    'with alg none': `${none.join('.')}.`,
    'signed by HS256 with the public key': await forge(claims, 'HS256', publicPem, real.kid),
    'cut short': control.slice(0, -8),
    'that is none': 'not-a-token',
  }
}

function expectError(answer: Answer, code: ErrorCode): void {
  expect(answer.body).toMatchObject({ error: { code, trace_id: answer.headers.get('x-request-id') } })
  expect(answer.status).toBe(errorStatus[code])
  expect(JSON.stringify(answer.body)).not.toMatch(/\bat .*\.ts:|postgres|select |insert /i)
}

for (const { name, folder, route } of routes) {
  describe(`${name}: ${route.method} ${route.path}`, () => {
    const caller = route.access === 'operator' ? 'operator' : 'owner'
    let make: MakeRouteExample
    beforeAll(async () => {
      make = await loadExample<MakeRouteExample>(folder)
    })

    const send = (example: RouteExample, options: CallOptions = {}, query?: Record<string, string>) => {
      const path = route.path.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(example.params?.[key] ?? ''))
      const search = new URLSearchParams(query ?? example.query).toString()
      return call(world.product.url, route.method, search ? `${path}?${search}` : path, {
        ...(example.body === undefined ? {} : { body: example.body }),
        ...(route.access === 'public' ? {} : { token: example.token ?? world.tokens[caller] }),
        ...options,
      })
    }

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
      const wrong = route.method === 'PUT' ? 'POST' : 'PUT'
      const answer = await call(world.product.url, wrong, path, { token: world.tokens.owner })
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

    if (route.access !== 'public') {
      test('no token is 401', async () => {
        const answer = await send(await make(world), { token: '' })
        expectError(answer, 'UNAUTHENTICATED')
        const basic = 'Basic realm="RaptorFlow ADAPT", charset="UTF-8"'
        expect(answer.headers.get('www-authenticate')).toBe(route.basic ? `Bearer, ${basic}` : 'Bearer')
      })

      test('a forged or stale token is 401, whatever is wrong with it', async () => {
        const example = await make(world)
        for (const [what, token] of Object.entries(forged)) {
          const answer = await send(example, { token })
          expect(answer.status, `a token ${what}`).toBe(401)
          expectError(answer, 'UNAUTHENTICATED')
        }
      })
    }

    if (route.access === 'operator') {
      test('an operator of the installation may, and nobody of an organization, whatever their role', async () => {
        const example = await make(world)
        const answer = await send(example)
        expect(answer.status, JSON.stringify(answer.body)).toBe(example.status)
        for (const role of [...roles, 'stranger'] as const) {
          const refused = await send(await make(world), { token: world.tokens[role] })
          expectError(refused, 'PERMISSION_DENIED')
        }
      })

      test('an API key may not, whatever its scopes', async () => {
        const { key } = await world.newApiKey(keyScopes)
        expectError(await send(await make(world), { token: key }), 'PERMISSION_DENIED')
      })

      if (route.path.includes('{')) {
        test('a malformed name is 422, and one of nothing is 404', async () => {
          const example = await make(world)
          const malformed = await send({ ...example, params: mapValues(example.params ?? {}, () => "x'--") })
          expectError(malformed, 'VALIDATION_ERROR')
          const nothing = await send({ ...example, params: mapValues(example.params ?? {}, (name) => `${name}_X`) })
          expectError(nothing, 'NOT_FOUND')
        })
      }
    }

    if (route.access !== 'public' && route.access !== 'signed-in' && route.access !== 'operator') {
      const permission = route.access

      test("another organization's id in the header is 404", async () => {
        expectError(await send(await make(world), { headers: { 'x-org-id': world.strangerOrgId } }), 'NOT_FOUND')
        expectError(await send(await make(world), { headers: { 'x-workspace-id': newId() } }), 'NOT_FOUND')
      })

      if (route.path.includes('{')) {
        test("another organization's row is 404, like one that does not exist", async () => {
          const example = await make(world)
          const foreign = await send(example, { token: world.tokens.stranger })
          expectError(foreign, 'NOT_FOUND')
          const nowhere = await send({ ...example, params: mapValues(example.params ?? {}, () => newId()) })
          expectError(nowhere, 'NOT_FOUND')
          expect(foreign.body.error.message).toBe(nowhere.body.error.message)
        })

        test('a malformed id is 422 and leaks nothing', async () => {
          const example = await make(world)
          const answer = await send({ ...example, params: mapValues(example.params ?? {}, () => "x'--") })
          expectError(answer, 'VALIDATION_ERROR')
        })
      }

      for (const role of roles) {
        if (isAllowed(role, permission)) {
          test(`${role} may`, async () => {
            const example = await make(world)
            const answer = await send(example, { token: world.tokens[role] })
            expect(answer.status, JSON.stringify(answer.body)).toBe(example.status)
          })
        } else {
          test(`${role} may not, and is told which permission is missing`, async () => {
            const answer = await send(await make(world), { token: world.tokens[role] })
            expectError(answer, 'PERMISSION_DENIED')
            expect(answer.body.error.message).toContain(permission)
          })
        }
      }
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

      test('an unknown field is 422 and named', async () => {
        const example = await make(world)
        const answer = await send({ ...example, body: { ...(example.body as object), org_id: newId() } })
        expectError(answer, 'VALIDATION_ERROR')
        expect(answer.body.error.details).toContainEqual({ field: 'body.org_id', message: 'is not a known field' })
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
