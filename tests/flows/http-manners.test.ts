import postgres from 'postgres'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'
import { type Instance, startInstance } from '../setup/instance.ts'
import { type Answer, type CallOptions, call, startTestProduct, type TestProduct } from '../setup/product.ts'

const allowedOrigin = 'https://console.example'
const oldRoute = defineRoute({
  method: 'GET',
  path: '/v1/old',
  access: 'public',
  summary: 'On its way out',
  deprecated: { since: '2026-01-01', sunset: '2027-01-01', successor: '/v2/new' },
  responses: { 204: null },
  handler: async () => ({ respond: async () => ({ status: 204, body: null }) }),
})

const headedRoute = defineRoute({
  method: 'GET',
  path: '/v1/headed',
  access: 'public',
  summary: 'Wants a header',
  headers: v.object({ 'x-colour': v.picklist(['red', 'blue']), 'x-size': v.optional(v.string(), 'small') }),
  responses: { 200: v.strictObject({ seen: v.record(v.string(), v.string()) }) },
  handler: async () => ({
    respond: async (_: unknown, { headers }: { headers: unknown }) => ({ status: 200, body: { seen: headers } }),
  }),
})

let product: TestProduct
let old: Instance
let owner: postgres.Sql
let token: string

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'), { CORS_ORIGINS: allowedOrigin })
  old = await startInstance(product.services, [
    { name: 'old-read', folder: 'old/read', declaration: oldRoute },
    { name: 'headed-read', folder: 'headed/read', declaration: headedRoute },
  ])
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
  token = await newOrganization()
})
afterAll(async () => {
  await owner.end()
  await old.stop()
  await product.stop()
})

async function newOrganization(): Promise<string> {
  const made = await product.signUp()
  await call(product.url, 'POST', '/v1/organizations', { token: made, body: { name: newId() } })
  return made
}

const ask = (method: string, path: string, options: CallOptions = {}) =>
  call(product.url, method, path, { token, ...options })

async function newProject(): Promise<{ id: string; path: string; name: string }> {
  const name = newId()
  const { body } = await ask('POST', '/v1/projects', { body: { name } })
  return { id: body.id, path: `/v1/projects/${body.id}`, name }
}

describe('a conditional read', () => {
  test('is 304 without a body while nothing has changed, and 200 again when it has', async () => {
    const { path } = await newProject()
    const first = await ask('GET', path)
    const etag = first.headers.get('etag')!
    expect(etag).toMatch(/^"[A-Za-z0-9_-]+"$/)
    for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, `"a,b" ,W/${etag},"c"`, '*']) {
      for (const method of ['GET', 'HEAD']) {
        const again = await ask(method, path, { headers: { 'if-none-match': condition } })
        expect([again.status, again.body], `${method} ${condition}`).toEqual([304, ''])
        expect(again.headers.get('etag')).toBe(etag)
        expect(again.headers.get('content-type')).toBeNull()
      }
    }
    for (const condition of [
      '"other"',
      etag.slice(1, -1),
      `"${etag}"`,
      '"a, *"',
      '"a,*,b"',
      `"x${etag.slice(1)}`,
      '',
    ]) {
      const again = await ask('GET', path, { headers: { 'if-none-match': condition } })
      expect(again.status, condition).toBe(200)
    }
    await ask('PATCH', path, { body: { description: 'new' } })
    expect((await ask('GET', path, { headers: { 'if-none-match': etag } })).status).toBe(200)
  })

  test('of a list is 304 until the list changes', async () => {
    const etag = (await ask('GET', '/v1/projects')).headers.get('etag')!
    const again = () => ask('GET', '/v1/projects', { headers: { 'if-none-match': etag } })
    expect((await again()).status).toBe(304)
    await newProject()
    expect((await again()).status).toBe(200)
  })

  test('tells a stranger nothing: who may not read it gets the same answer with and without a good condition', async () => {
    const { path } = await newProject()
    const etag = (await ask('GET', path)).headers.get('etag')!
    const stranger = await newOrganization()
    for (const condition of [etag, '*', '"other"']) {
      const answer = await ask('GET', path, { token: stranger, headers: { 'if-none-match': condition } })
      expect(answer.status).toBe(404)
      expect(answer.headers.get('etag')).toBeNull()
    }
  })
})

describe('If-Match', () => {
  test('lets a change through when the caller saw what is there, and names the state after it', async () => {
    const { path } = await newProject()
    const etag = (await ask('GET', path)).headers.get('etag')!
    const changed = await ask('PATCH', path, { headers: { 'if-match': etag }, body: { description: 'new' } })
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(etag)
    expect((await ask('GET', path)).headers.get('etag')).toBe(changed.headers.get('etag'))
    for (const condition of [`"a,b" ,${changed.headers.get('etag')}`, '*']) {
      const next = await ask('PATCH', path, { headers: { 'if-match': condition }, body: { description: 'newer' } })
      expect(next.status, condition).toBe(200)
    }
  })

  test('refuses every other change, which then leaves no trace', async () => {
    const { path, id } = await newProject()
    const before = await ask('GET', path)
    const etag = before.headers.get('etag')!
    const count = async () => (await owner`select 1 from audit_logs where target_id = ${id}`).length
    const entries = await count()
    // A weak tag says only that it means the same, and a change wants to know (RFC 9110, section 13.1.1).
    for (const condition of ['"other"', `W/${etag}`, etag.slice(1, -1), '"a,*,b"', '']) {
      const answer = await ask('PATCH', path, { headers: { 'if-match': condition }, body: { name: 'mine' } })
      expect([answer.status, answer.body.error?.code], condition).toEqual([412, 'PRECONDITION_FAILED'])
    }
    expect((await ask('GET', path)).body).toEqual(before.body)
    expect(await count()).toBe(entries)
  })

  test('lets exactly one of many changes at the same moment through', async () => {
    const { path } = await newProject()
    for (let round = 0; round < 5; round++) {
      const etag = (await ask('GET', path)).headers.get('etag')!
      const answers = await Promise.all(
        Array.from({ length: 4 }, (_, at) =>
          ask('PATCH', path, { headers: { 'if-match': etag }, body: { description: `${round}-${at}` } }),
        ),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412])
      const winner = answers.find(({ status }) => status === 200)!
      expect((await ask('GET', path)).body.description).toBe(winner.body.description)
    }
  })

  test('of what is not there, or not the caller’s, is 404', async () => {
    const { path } = await newProject()
    const options = { headers: { 'if-match': '*' }, body: { name: 'mine' } }
    expect((await ask('PATCH', `/v1/projects/${newId()}`, options)).status).toBe(404)
    expect((await ask('PATCH', path, { ...options, token: await newOrganization() })).status).toBe(404)
  })

  test('is refused where it is not supported, before anything happens', async () => {
    const { path } = await newProject()
    const refused = await ask('DELETE', path, { headers: { 'if-match': '*' } })
    expect(refused.body.error?.code).toBe('PRECONDITION_FAILED')
    expect((await ask('GET', path)).status).toBe(200)
    const name = newId()
    const create = await ask('POST', '/v1/projects', { headers: { 'if-match': '*' }, body: { name } })
    expect(create.status).toBe(412)
    expect(await owner`select 1 from projects where name = ${name}`).toHaveLength(0)
  })
})

describe('methods', () => {
  test('HEAD has the headers of GET and no body', async () => {
    const { path } = await newProject()
    const blocklist = (await ask('POST', '/v1/blocklists', { body: { name: newId() } })).body.blocklist.id
    const paths = [
      path,
      '/v1/projects?page[size]=1',
      `/v1/blocklists/${blocklist}/content`,
      '/v1/openapi.json',
      '/docs',
    ]
    const ofAnswer = ({ headers }: Answer) => {
      const varying = [
        'connection',
        'keep-alive',
        'transfer-encoding',
        'date',
        'x-request-id',
        'x-ratelimit-remaining',
        'x-ratelimit-reset',
      ]
      return Object.fromEntries([...headers].filter(([name]) => !varying.includes(name)))
    }
    for (const one of [...paths, `/v1/projects/${newId()}`]) {
      const [get, head] = [await ask('GET', one), await ask('HEAD', one)]
      expect([head.status, head.body], one).toEqual([get.status, ''])
      expect(ofAnswer(head), one).toEqual(ofAnswer(get))
    }
  })

  test('OPTIONS and 405 list every method of the path, whichever functions serve them', async () => {
    const { path } = await newProject()
    const wanted = { '/v1/projects': 'GET HEAD OPTIONS POST', [path]: 'DELETE GET HEAD OPTIONS PATCH' }
    for (const [one, methods] of Object.entries(wanted)) {
      const allowOf = ({ headers }: Answer) => headers.get('allow')?.split(', ').sort().join(' ')
      const options = await ask('OPTIONS', one)
      expect([options.status, allowOf(options), options.body], one).toEqual([204, methods, ''])
      for (const method of ['PUT', 'PROPFIND', ...(one === path ? ['POST'] : ['DELETE', 'PATCH'])]) {
        const refused = await ask(method, one)
        expect([refused.status, allowOf(refused)], `${method} ${one}`).toEqual([405, methods])
        expect(refused.body.error.code).toBe('METHOD_NOT_ALLOWED')
      }
    }
  })

  test('a path that nothing serves is 404 in the shape of every error', async () => {
    for (const path of ['/', '/v1', '/v1/nothing', '/v1/projects/', '//v1/projects', '/v2/projects']) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const answer = await ask(method, path)
        expect(answer.status, `${method} ${path}`).toBe(404)
        expect(answer.body).toEqual({
          error: {
            code: 'NOT_FOUND',
            message: expect.any(String),
            details: [],
            trace_id: answer.headers.get('x-request-id'),
          },
        })
      }
    }
    expect((await ask('GET', '/v1/projects/%zz')).status).toBe(404)
  })
})

describe('every answer', () => {
  test('has the security headers and a request id, whatever it is', async () => {
    const { path } = await newProject()
    const etag = (await ask('GET', path)).headers.get('etag')!
    const { job_id } = (await ask('POST', '/v1/exports', { body: { format: 'csv', filter: {} } })).body
    const answers: Record<string, Answer> = {
      200: await ask('GET', path),
      201: await ask('POST', '/v1/projects', { body: { name: newId() } }),
      204: await ask('DELETE', (await newProject()).path),
      304: await ask('GET', path, { headers: { 'if-none-match': etag } }),
      401: await ask('GET', path, { token: 'none' }),
      404: await ask('GET', `/v1/projects/${newId()}`),
      '404 of a path': await ask('GET', '/nothing'),
      405: await ask('PUT', path),
      409: await ask('POST', '/v1/projects', { body: { name: (await ask('GET', path)).body.name } }),
      412: await ask('PATCH', path, { headers: { 'if-match': '"x"' }, body: {} }),
      413: await ask('POST', '/v1/projects', { body: { name: 'x'.repeat(1_000_001) } }),
      415: await ask('POST', '/v1/projects', { rawBody: 'x', headers: { 'content-type': 'text/plain' } }),
      422: await ask('POST', '/v1/projects', { body: {} }),
      OPTIONS: await ask('OPTIONS', path),
      'server-sent events': await ask('GET', `/v1/jobs/${job_id}/events`),
    }
    for (const [what, { status, headers }] of Object.entries(answers)) {
      if (/^\d/.test(what)) expect(status).toBe(Number.parseInt(what, 10))
      expect(Object.fromEntries(headers), what).toMatchObject({
        'strict-transport-security': expect.stringMatching(/^max-age=[1-9]\d{6,}/),
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cache-control': expect.stringContaining('no-store'),
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
        vary: expect.stringContaining('Origin'),
      })
      expect(headers.get('server')).toBeNull()
      expect(headers.get('x-powered-by')).toBeNull()
    }
  })

  test('repeats a sane request id and replaces any other', async () => {
    const idOf = async (id: string) =>
      (await ask('GET', '/v1/projects', { headers: { 'x-request-id': id } })).headers.get('x-request-id')
    for (const id of [newId(), 'a.b_c-d8', 'x'.repeat(128)]) expect(await idOf(id)).toBe(id)
    for (const id of ['short', 'x'.repeat(129), 'with space', '<script>12', 'é'.repeat(10), 'a,b,c,d,e', '']) {
      expect(await idOf(id), id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    }
  })

  test('of a route on its way out says so and what to use instead', async () => {
    const { status, headers } = await call(old.url, 'GET', '/v1/old')
    expect(status).toBe(204)
    expect(Object.fromEntries(headers)).toMatchObject({
      deprecation: '@1767225600',
      sunset: 'Fri, 01 Jan 2027 00:00:00 GMT',
      link: '</v2/new>; rel="successor-version"',
    })
    expect((await call(old.url, 'PUT', '/v1/old')).headers.get('sunset')).toBeTruthy()
    expect((await ask('GET', '/v1/projects')).headers.get('deprecation')).toBeNull()
  })
})

describe('a route that declares headers', () => {
  const send = (headers: Record<string, string>) => call(old.url, 'GET', '/v1/headed', { headers })

  test('is given those, validated, and no others', async () => {
    expect((await send({ 'X-Colour': 'red', 'x-other': '1' })).body).toEqual({
      seen: { 'x-colour': 'red', 'x-size': 'small' },
    })
  })

  test('names the one that is wrong or missing', async () => {
    for (const headers of [{}, { 'x-colour': 'green' }, { 'x-colour': '' }] as Record<string, string>[]) {
      const { status, body } = await send(headers)
      expect([status, body.error.details[0].field]).toEqual([422, 'header.x-colour'])
    }
  })
})

describe('a browser of another origin', () => {
  const corsOf = ({ headers }: Answer) => [...headers].filter(([name]) => name.startsWith('access-control-'))

  test('that is allowed may read any answer, errors too, and their headers', async () => {
    const origin = { origin: allowedOrigin }
    const answers = [
      await ask('GET', '/v1/projects', { headers: origin }),
      await ask('GET', '/v1/projects', { headers: origin, token: 'none' }),
      await ask('PUT', '/v1/projects', { headers: origin }),
      await ask('GET', '/v1/nothing', { headers: origin }),
    ]
    for (const { headers } of answers) {
      expect(headers.get('access-control-allow-origin')).toBe(allowedOrigin)
      expect(headers.get('access-control-allow-credentials')).toBeNull()
      const exposed = headers.get('access-control-expose-headers')!.split(', ')
      expect(exposed).toEqual(
        expect.arrayContaining(['ETag', 'Link', 'Location', 'Retry-After', 'X-RateLimit-Remaining', 'X-Request-ID']),
      )
    }
  })

  test('that is allowed is told in a preflight what it may send', async () => {
    const wanted = ['authorization', 'content-type', 'idempotency-key', 'if-match', 'x-org-id', 'x-workspace-id']
    const { status, headers } = await ask('OPTIONS', '/v1/projects', {
      token: '',
      headers: {
        origin: allowedOrigin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': wanted.join(','),
      },
    })
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe(allowedOrigin)
    expect(headers.get('access-control-allow-methods')!.split(', ')).toEqual(expect.arrayContaining(['GET', 'POST']))
    const allowed = headers.get('access-control-allow-headers')!.toLowerCase().split(', ')
    expect(allowed).toEqual(expect.arrayContaining(wanted))
    expect(Number(headers.get('access-control-max-age'))).toBeGreaterThan(0)
  })

  test('that is not allowed, or has no name, gets no leave', async () => {
    const near = ['https://console.example.evil.example', 'http://console.example', 'https://console.example:8443']
    const strangers = ['https://evil.example', 'null', ...near, 'HTTPS://CONSOLE.EXAMPLE', '*']
    for (const origin of strangers) {
      const preflight = { origin, 'access-control-request-method': 'POST' }
      expect(corsOf(await ask('GET', '/v1/projects', { headers: { origin } })), origin).toEqual([])
      expect(corsOf(await ask('OPTIONS', '/v1/projects', { headers: preflight })), origin).toEqual([])
    }
    expect(corsOf(await ask('GET', '/v1/projects'))).toEqual([])
  })
})

describe('a trace', () => {
  test('goes on in the messages that a request causes, and a malformed one is not passed on', async () => {
    const traced = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const instance = await startInstance({ ...product.services, bus: null, queue: null }, product.functions)
    for (const [traceparent, passed] of [
      [traced, traced],
      [traced.toUpperCase(), null],
      [`${traced}, ${traced}`, null],
      ['00-00000000000000000000000000000000-00f067aa0ba902b7-01', null],
      ['00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01', null],
    ] as const) {
      const requestId = newId()
      const headers = { traceparent, 'x-request-id': requestId }
      await call(instance.url, 'POST', '/v1/exports', { token, headers, body: { format: 'csv', filter: {} } })
      const rows = await owner`select body from outbox where body ->> 'correlation_id' = ${requestId}`
      expect(
        rows.map(({ body }) => body.traceparent),
        traceparent,
      ).toEqual([passed])
    }
    await instance.stop()
  })
})
