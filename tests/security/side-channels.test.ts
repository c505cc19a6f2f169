import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { RouteExample } from '#shared/runtime/examples.ts'
import { sendExample } from '../contract/send.ts'
import { addOrganization, createWorld, type World } from '../contract/world.ts'
import { call } from '../setup/product.ts'
import { inspect } from './inspect.ts'
import { isOfOrganization, namesOfAll, routes, type SweptRoute } from './routes.ts'

let mine: World
let theirs: World

beforeAll(async () => {
  mine = await createWorld(inject('clusterUrl'))
  theirs = await addOrganization(mine.product)
  // What says when it was made says the same each time.
  const now = new Date()
  mine.product.services.now = () => now
})
afterAll(async () => {
  await theirs.stop()
  await mine.stop()
})

const replayed = 'idempotent-replayed'
/** Its URL is another one each second. */
const signedAnew = 'billing-download-invoice'

for (const { name, route, example } of routes.filter((swept) => swept.route.idempotent)) {
  test(`${name}: an Idempotency-Key is its caller's own; another's same key is another request`, async () => {
    const headers = { 'idempotency-key': newId() }
    const request = await example(theirs)
    const first = await sendExample(theirs, route, request, { headers })
    expect(first.status, JSON.stringify(first.body)).toBe(request.status)

    const ours = await example(mine)
    const other = await sendExample(mine, route, ours, { headers })
    inspect(name, other)
    expect(other.status, JSON.stringify(other.body)).toBe(ours.status)
    expect(other.headers.get(replayed)).toBeNull()
    expect(other.body).not.toEqual(first.body)

    // Not even the very same request, from somebody else: neither a stranger nor a colleague is given the answer.
    for (const token of [mine.tokens.owner, theirs.tokens.admin, mine.tokens.operator]) {
      if (token === theirs.tokens[route.access === 'operator' ? 'operator' : 'owner']) continue
      const answer = await sendExample(theirs, route, request, { token, headers: { ...headers, 'x-org-id': '' } })
      expect(answer.headers.get(replayed)).toBeNull()
    }

    const again = await sendExample(theirs, route, request, { headers })
    expect([again.headers.get(replayed), again.body]).toEqual(['true', first.body])
  })
}

for (const { name, route, example } of routes.filter(
  ({ route }) => route.method === 'GET' && route.access !== 'public',
)) {
  test(`${name}: another's entity tag is no news, unless all that is shown is the same`, async () => {
    const [request, ours] = [await example(theirs), await example(mine)]
    const foreign = await sendExample(theirs, route, request)
    const etag = foreign.headers.get('etag')
    // A stream has none to tell by.
    if (etag === null) return
    const own = await sendExample(mine, route, ours, { headers: { 'if-none-match': etag } })
    const plain = await sendExample(mine, route, ours)
    if (own.status === 304) expect(plain.body).toEqual(foreign.body)
    else if (name !== signedAnew) expect(own.body).toEqual(plain.body)
    if (!request.params || route.access === 'operator' || namesOfAll.includes(name)) return
    const denied = await sendExample(
      mine,
      route,
      { ...request, ...(ours.token && { token: ours.token }) },
      {
        headers: { 'if-none-match': etag },
      },
    )
    expect(denied.status).toBe(404)
    expect(denied.headers.get('etag')).toBeNull()
  })
}

/** What an organization sees of itself, by reading everything that it can read. */
async function view(world: World, requests: Map<SweptRoute, RouteExample>): Promise<Record<string, unknown>> {
  const seen = await Promise.all(
    [...requests].map(async ([{ name, route }, request]) => {
      const { status, body, headers } = await sendExample(world, route, request)
      return [name, { status, body, etag: headers.get('etag') }] as const
    }),
  )
  return Object.fromEntries(seen)
}

test('whatever one organization does, no list, count, page or summary of another changes', async () => {
  const { product } = mine
  const reads = routes.filter(
    ({ name, route }) =>
      route.method === 'GET' && (isOfOrganization(route) || route.access === 'signed-in') && name !== signedAnew,
  )
  const requests = new Map<SweptRoute, RouteExample>()
  for (const swept of reads) requests.set(swept, await swept.example(mine))
  await product.services.usage.flush()
  // Of the requests of this very test there is a log too.
  const to = product.services.now().toISOString()
  for (const [{ name }, request] of requests) {
    if (name.startsWith('usage-')) requests.set(find(name), { ...request, query: { ...request.query, to } })
  }
  const before = await view(mine, requests)

  const writes = routes.filter(({ route }) => route.method !== 'GET' && isOfOrganization(route))
  for (const { name, route, example } of writes) {
    const request = await example(theirs)
    const answer = await sendExample(theirs, route, request)
    expect(answer.status, `${name}: ${JSON.stringify(answer.body)}`).toBe(request.status)
  }
  await call(product.url, 'GET', '/v1/projects', { token: theirs.tokens.stranger })
  await product.services.usage.flush()

  expect(await view(mine, requests)).toEqual(before)
})

function find(name: string): SweptRoute {
  return routes.find((swept) => swept.name === name)!
}
