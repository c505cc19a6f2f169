import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { RouteExample } from '#shared/runtime/examples.ts'
import { sendExample } from '../contract/send.ts'
import { createWorld, type World } from '../contract/world.ts'
import { fingerprint } from '../setup/fingerprint.ts'
import { call } from '../setup/product.ts'
import { expectError } from './inspect.ts'
import { routes, type SweptRoute } from './routes.ts'

let world: World
let owner: postgres.Sql

beforeAll(async () => {
  world = await createWorld(inject('clusterUrl'))
  owner = postgres(world.product.database.ownerUrl, { max: 4, onnotice: () => {} })
})
afterAll(async () => {
  await owner.end()
  await world.stop()
})

/** A request whose sender the product knows already: a user's row is made when they are first seen. */
async function requestOf({ example }: SweptRoute): Promise<RouteExample> {
  const request = await example(world)
  if (request.token) await call(world.product.url, 'GET', '/v1/users/me', { token: request.token })
  return request
}

/** What a caller would like to decide, and mustn't. */
const wishes = (): Record<string, unknown> => ({
  org_id: newId(),
  organization_id: newId(),
  workspace_id: newId(),
  user_id: newId(),
  created_by: newId(),
  id: newId(),
  role: 'owner',
  plan: 'enterprise',
  permissions: ['billing:manage'],
  is_admin: true,
  operator: true,
  operator_since: '2026-01-01T00:00:00.000Z',
  disabled: false,
  status: 'ready',
  created_at: '2020-01-01T00:00:00.000Z',
  deleted_at: null,
  deleting_at: null,
  constructor: { prototype: { isAdmin: true } },
  prototype: {},
  toString: 'x',
})

/** The schema of an object as valibot keeps it. */
interface Schema {
  entries?: Record<string, Schema>
  item?: Schema
  wrapped?: Schema
  pipe?: Schema[]
}

/** The object schema inside optionals, defaults and pipes. */
function unwrapped(schema: Schema | undefined): Schema | undefined {
  if (schema?.wrapped) return unwrapped(schema.wrapped)
  return schema?.pipe && schema.pipe[0] !== schema ? unwrapped(schema.pipe[0]) : schema
}

/** Every object inside a body: the way to it, and the names of its fields. */
function* objectsIn(schema: Schema | undefined, path: string[] = []): Generator<{ path: string[]; known: string[] }> {
  const inner = unwrapped(schema)
  if (inner?.item) yield* objectsIn(inner.item, [...path, '0'])
  if (!inner?.entries) return
  yield { path, known: Object.keys(inner.entries) }
  for (const [name, entry] of Object.entries(inner.entries)) yield* objectsIn(entry, [...path, name])
}

/** The body as JSON text with one more field in one of its objects. */
function bodyWith(body: unknown, path: string[], name: string, value: unknown): string {
  const copy = structuredClone(body ?? {}) as Record<string, unknown>
  let object = copy
  for (const [at, step] of path.entries()) {
    object[step] ??= path[at + 1] === '0' ? [] : {}
    object = object[step] as Record<string, unknown>
  }
  Object.defineProperty(object, name, { value, enumerable: true })
  return JSON.stringify(copy)
}

for (const swept of routes.filter(({ route }) => route.body)) {
  const { name, route } = swept
  test(`${name}: nothing but its fields is taken, in no object of the body`, async () => {
    const request = await requestOf(swept)
    const attempts = [...objectsIn(route.body as Schema)].flatMap(({ path, known }) =>
      [...Object.entries(wishes()), ['__proto__', { role: 'owner', org_id: newId() }] as const]
        .filter(([field]) => !known.includes(field))
        .map(([field, value]) => ({ path, field, value })),
    )
    const before = await fingerprint(owner)
    await Promise.all(
      attempts.map(async ({ path, field, value }) => {
        const rawBody = bodyWith(request.body, path, field, value)
        const answer = await sendExample(world, route, { ...request, body: undefined }, { rawBody })
        expectError(name, answer, 'VALIDATION_ERROR', field)
        expect(answer.body.error.details).toContainEqual({
          field: ['body', ...path, field].join('.'),
          message: 'is not a known field',
        })
      }),
    )
    expect(await fingerprint(owner)).toEqual(before)
    expect(Object.keys(Object.prototype)).toEqual([])
    // The request itself was good.
    const answer = await sendExample(world, route, request)
    expect(answer.status, JSON.stringify(answer.body)).toBe(request.status)
  })
}

test('nor in the query of any route', async () => {
  const requests = await Promise.all(routes.map(async (swept) => ({ swept, request: await requestOf(swept) })))
  const before = await fingerprint(owner)
  for (const { swept, request } of requests) {
    const known = Object.keys((swept.route.query as Schema | undefined)?.entries ?? {})
    // Names the workspace to work in, for clients that can't send headers.
    if (swept.route.access !== 'public') known.push('workspace_id')
    await Promise.all(
      [...Object.keys(wishes()), '__proto__']
        .filter((field) => !known.includes(field))
        .map(async (field) => {
          const query = { ...request.query }
          Object.defineProperty(query, field, { value: newId(), enumerable: true })
          const answer = await sendExample(world, swept.route, { ...request, query })
          expectError(swept.name, answer, 'VALIDATION_ERROR', field)
        }),
    )
  }
  expect(await fingerprint(owner)).toEqual(before)
})
