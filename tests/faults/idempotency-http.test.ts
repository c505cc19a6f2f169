import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { type Product, startProduct } from '#shared/embedded/product.ts'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'
import { silentLogger } from '#shared/runtime/log.ts'
import { cloneDatabase } from '../setup/database.ts'
import { startInstance } from '../setup/instance.ts'
import {
  type Answer,
  type CallOptions,
  call,
  startTestProduct,
  type TestProduct,
  testPassword,
} from '../setup/product.ts'
import { openRaw, requestHead } from '../setup/raw-request.ts'

let product: TestProduct
let owner: postgres.Sql
let token: string

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 2, onnotice: () => {} })
  token = await newCaller()
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

async function newCaller(url = product.url): Promise<string> {
  const made = await product.signUp()
  await call(url, 'POST', '/v1/organizations', { token: made, body: { name: newId() } })
  return made
}

/** Posts under a key. */
const post = (path: string, key: string, body: unknown, options: CallOptions = {}) =>
  call(product.url, 'POST', path, { token, body, ...options, headers: { ...options.headers, 'idempotency-key': key } })

const isReplay = ({ headers }: Answer) => headers.get('idempotent-replayed') === 'true'
const named = (name: string) => owner`select id from projects where name = ${name}`
const refused = { code: 'VALIDATION_ERROR', details: [{ field: 'header.idempotency-key' }] }

/** Every route that takes a key, with a request that can be made again and again. */
const creations: Record<string, () => unknown> = {
  '/v1/projects': () => ({ name: newId() }),
  '/v1/exports': () => ({ format: 'csv', filter: {} }),
  '/v1/api-keys': () => ({ name: newId(), scopes: ['intelligence:read'] }),
  '/v1/blocklists': () => ({ name: newId() }),
  '/v1/workspaces': () => ({ name: newId() }),
  '/v1/organizations': () => ({ name: newId() }),
  '/v1/invitations': () => ({ email: `${newId()}@example.org`, role: 'viewer' }),
  '/v1/documents': () => ({ file_name: 'a.txt', content_type: 'text/plain', size_bytes: 5 }),
}

describe('a request that comes again under its key', () => {
  test.each(Object.entries(creations))(
    'POST %s: is answered as before, and nothing is made twice',
    async (path, make) => {
      const own = await newCaller()
      const [key, body] = [newId(), make()]
      const first = await post(path, key, body, { token: own })
      expect(first.status, JSON.stringify(first.body)).toBeLessThan(300)
      expect(isReplay(first)).toBe(false)
      const entries = async () => (await owner`select 1 from audit_logs`).length
      const before = await entries()
      for (let time = 0; time < 2; time++) {
        const again = await post(path, key, body, { token: own })
        expect(isReplay(again)).toBe(true)
        expect([again.status, again.body]).toEqual([first.status, first.body])
        for (const header of ['location', 'content-type', 'content-length', 'etag']) {
          expect(again.headers.get(header), header).toBe(first.headers.get(header))
        }
        // It is a request of its own nevertheless.
        expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
        expect(again.headers.get('x-content-type-options')).toBe('nosniff')
      }
      expect(await entries()).toBe(before)
      expect((await post(path, newId(), make(), { token: own })).status).toBe(first.status)
    },
  )

  test('after what it made was changed or removed is answered as before all the same', async () => {
    const [key, body] = [newId(), { name: newId() }]
    const first = await post('/v1/projects', key, body)
    await call(product.url, 'DELETE', `/v1/projects/${first.body.id}`, { token })
    const again = await post('/v1/projects', key, body)
    expect([isReplay(again), again.body]).toEqual([true, first.body])
    expect(await named(body.name)).toHaveLength(0)
  })

  test('with an export has its job in Location again', async () => {
    const [key, body] = [newId(), { format: 'csv', filter: {} }]
    const first = await post('/v1/exports', key, body)
    expect(first.headers.get('location')).toBe(`/v1/jobs/${first.body.job_id}`)
    expect((await post('/v1/exports', key, body)).headers.get('location')).toBe(first.headers.get('location'))
  })

  test('is no way past what the caller may do now', async () => {
    const own = await newCaller()
    const [key, body] = [newId(), { name: newId() }]
    const { body: me } = await call(product.url, 'GET', '/v1/users/me', { token: own })
    expect((await post('/v1/projects', key, body, { token: own })).status).toBe(201)
    await owner`update memberships set disabled_at = now() where user_id = ${me.id}`
    // Whoever was let in is believed for five seconds at most.
    await expect
      .poll(async () => (await post('/v1/projects', key, body, { token: own })).status, {
        timeout: 8_000,
        interval: 500,
      })
      .toBe(403)
  })
})

describe('a key that was used', () => {
  test('is refused for another body, path, query or workspace, however small the difference', async () => {
    const [key, name] = [newId(), newId()]
    expect((await post('/v1/projects', key, { name })).status).toBe(201)
    const workspace = (await call(product.url, 'POST', '/v1/workspaces', { token, body: { name: newId() } })).body
    const others = [
      await post('/v1/projects', key, { name: `${name}.` }),
      await post('/v1/projects', key, undefined, { rawBody: `{ "name": "${name}" }` }),
      await post('/v1/blocklists', key, { name }),
      await post(`/v1/projects?workspace_id=${workspace.id}`, key, { name }),
      await post('/v1/projects', key, { name }, { headers: { 'x-workspace-id': workspace.id } }),
    ]
    for (const { status, body } of others) {
      expect(status).toBe(422)
      expect(body.error).toMatchObject(refused)
    }
    expect(await named(name)).toHaveLength(1)
    expect(isReplay(await post('/v1/projects', key, { name }))).toBe(true)
  })

  test('is free for everybody else: other people, an API key, another organization of the same person', async () => {
    const [key, other] = [newId(), await newCaller()]
    const machine = await call(product.url, 'POST', '/v1/api-keys', {
      token,
      body: { name: newId(), scopes: ['intelligence:read', 'intelligence:write'] },
    })
    const ids = new Set<string>()
    for (const caller of [token, other, machine.body.key]) {
      const answer = await post('/v1/projects', key, { name: `Same ${caller === token ? 1 : 2}` }, { token: caller })
      expect([answer.status, isReplay(answer)]).toEqual([201, false])
      ids.add(answer.body.id)
    }
    expect(ids.size).toBe(3)
  })

  test('that is malformed is refused before anything happens', async () => {
    for (const key of ['', 'a b', 'x'.repeat(256), 'é']) {
      const name = newId()
      const answer = await post('/v1/projects', key, { name })
      expect([answer.status, answer.body.error?.details[0]?.field], key).toEqual([422, 'header.idempotency-key'])
      expect(await named(name)).toHaveLength(0)
    }
    expect((await post('/v1/projects', 'x'.repeat(255), { name: newId() })).status).toBe(201)
  })
})

describe('many requests with one key at the same moment', () => {
  test('have one effect; the others get its answer, or are told to come again', async () => {
    const second = await startInstance(product.services, product.functions)
    const [key, body] = [newId(), { name: newId() }]
    const urls = [product.url, second.url]
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        call(urls[at % 2]!, 'POST', '/v1/projects', { token, body, headers: { 'idempotency-key': key } }),
      ),
    )
    const [row] = await named(body.name)
    expect(await named(body.name)).toHaveLength(1)
    expect(await owner`select 1 from audit_logs where target_id = ${row!.id}`).toHaveLength(1)
    expect(answers.filter((answer) => answer.status === 201 && !isReplay(answer))).toHaveLength(1)
    for (const { status, body: seen, headers } of answers) {
      if (status === 201) expect(seen.id).toBe(row!.id)
      else {
        expect([status, seen.error.code]).toEqual([409, 'CONFLICT'])
        expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      }
    }
    expect(isReplay(await post('/v1/projects', key, body))).toBe(true)
    await second.stop()
  })
})

describe('after a request that failed its key is free', () => {
  const stored = () => owner`select 1 from idempotent_requests where response is null`

  test('because it was not valid, or clashed', async () => {
    const [key, taken, name] = [newId(), newId(), newId()]
    expect((await post('/v1/projects', key, { nonsense: 1 })).status).toBe(422)
    await post('/v1/projects', newId(), { name: taken })
    const clash = await post('/v1/projects', key, { name: taken })
    expect([clash.status, isReplay(clash)]).toEqual([409, false])
    expect((await post('/v1/projects', key, { name })).status).toBe(201)
    expect(await stored()).toHaveLength(0)
  })

  test('because the caller may not', async () => {
    const stranger = await newCaller()
    const key = newId()
    const { body: list } = await call(product.url, 'GET', '/v1/workspaces', { token })
    const foreign = { headers: { 'x-workspace-id': list.data[0].id }, token: stranger }
    expect((await post('/v1/projects', key, { name: newId() }, foreign)).status).toBe(404)
    expect((await post('/v1/projects', key, { name: newId() }, { token: stranger })).status).toBe(201)
  })

  test('because something of ours broke', async () => {
    const [key, body] = [newId(), { name: newId() }]
    await owner`alter table projects add constraint broken check (name <> ${owner.unsafe(`'${body.name}'`)})`
    expect((await post('/v1/projects', key, body)).status).toBe(500)
    await owner`alter table projects drop constraint broken`
    const again = await post('/v1/projects', key, body)
    expect([again.status, isReplay(again)]).toEqual([201, false])
  })

  test('because its database connection was killed while it waited', async () => {
    const [key, body] = [newId(), { name: newId() }]
    const locker = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
    await locker.unsafe('begin; lock table projects in access exclusive mode')
    const failing = post('/v1/projects', key, body)
    const waiting = () => owner`
      select pid from pg_stat_activity
      where application_name = 'adapt' and datname = current_database() and wait_event_type = 'Lock'`
    await expect.poll(waiting).toHaveLength(1)
    const busy = await post('/v1/projects', key, body)
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([409, '1'])
    for (const { pid } of await waiting()) await owner`select pg_terminate_backend(${pid})`
    expect((await failing).status).toBe(503)
    await locker.end()
    const again = await post('/v1/projects', key, body)
    expect([again.status, isReplay(again)]).toEqual([201, false])
    expect(await named(body.name)).toHaveLength(1)
  })

  test('but not when only its caller was gone: what was done is done, and told when they ask again', async () => {
    const [key, body] = [newId(), { name: newId() }]
    const locker = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
    await locker.unsafe('begin; lock table projects in access exclusive mode')
    const text = JSON.stringify(body)
    const raw = openRaw(product.url)
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': String(text.length),
      'idempotency-key': key,
    }
    raw.write(requestHead('POST', '/v1/projects', headers) + text)
    await expect.poll(stored).toHaveLength(1)
    raw.kill()
    await locker.end()
    const again = async () => post('/v1/projects', key, body)
    await expect.poll(async () => (await again()).status).toBe(201)
    expect(await named(body.name)).toHaveLength(1)
    expect((await again()).body.id).toBe((await named(body.name))[0]?.id)
  })
})

test('where the reference names no Idempotency-Key, one means nothing', async () => {
  const { paths } = (await call(product.url, 'GET', '/v1/openapi.json')).body
  const documented = (method: string, path: string) =>
    JSON.stringify(paths[path][method].parameters ?? []).includes('IdempotencyKey')
  for (const path of Object.keys(creations)) expect(documented('post', path), path).toBe(true)
  expect(documented('get', '/v1/projects')).toBe(false)
  const headers = { 'idempotency-key': newId() }
  const list = async () => call(product.url, 'GET', '/v1/projects', { token, headers })
  const { body: before } = await list()
  await post('/v1/projects', newId(), { name: newId() })
  const after = await list()
  expect(isReplay(after)).toBe(false)
  expect(after.body).not.toEqual(before)
  expect(documented('post', '/v1/auth/sign-up')).toBe(false)
  for (let time = 0; time < 2; time++) {
    const body = { email: `${newId()}@example.org`, password: testPassword }
    expect((await call(product.url, 'POST', '/v1/auth/sign-up', { headers, body })).status).toBe(201)
  }
})

test('an API key that is shown again under its Idempotency-Key is nowhere in the database', async () => {
  const [key, body] = [newId(), { name: newId(), scopes: ['intelligence:read'] }]
  const first = await post('/v1/api-keys', key, body)
  const again = await post('/v1/api-keys', key, body)
  const secret: string = first.body.key
  expect(again.body.key).toBe(secret)
  expect((await call(product.url, 'GET', '/v1/projects', { token: secret })).status).toBe(200)
  await product.services.usage.flush()
  const tables = await owner<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')`
  const random = secret.slice('rfa_'.length)
  const forms = [
    secret,
    random,
    Buffer.from(secret).toString('hex'),
    Buffer.from(secret).toString('base64').slice(0, 30),
  ]
  let rows = 0
  for (const { name } of tables) {
    // Bytes are shown in hexadecimal.
    for (const { text } of await owner.unsafe<{ text: string }[]>(`select t::text as text from ${name} t`)) {
      rows++
      for (const form of forms) expect(text.includes(form), `${name} holds the key`).toBe(false)
    }
  }
  expect(rows).toBeGreaterThan(50)
})

test('answers are kept across a restart of the product', async () => {
  const database = await cloneDatabase(inject('clusterUrl'))
  const cloud = await createTestDatabase(inject('clusterUrl'))
  const dataFolder = await mkdtemp(join(tmpdir(), 'adapt-test-'))
  const start = (port: number): Promise<Product> =>
    startProduct({
      databaseUrl: database.appUrl,
      cloudDatabaseUrl: cloud.url,
      dataFolder,
      host: '127.0.0.1',
      port,
      settings: { APP_ENV: 'test' },
      log: silentLogger,
    })
  let running = await start(0)
  const { url } = running
  const signedUp = await call(url, 'POST', '/v1/auth/sign-up', {
    body: { email: `${newId()}@example.org`, password: testPassword },
  })
  const own: string = signedUp.body.session.access_token
  await call(url, 'POST', '/v1/organizations', { token: own, body: { name: 'Restarted' } })
  const requests = [
    { path: '/v1/api-keys', key: newId(), body: { name: 'Key', scopes: ['intelligence:read'] } },
    { path: '/v1/exports', key: newId(), body: { format: 'csv', filter: {} } },
  ]
  const ask = ({ path, key, body }: (typeof requests)[number]) =>
    call(url, 'POST', path, { token: own, body, headers: { 'idempotency-key': key } })
  const first = [await ask(requests[0]!), await ask(requests[1]!)]
  await running.stop()
  running = await start(Number(new URL(url).port))
  for (const [at, request] of requests.entries()) {
    const again = await ask(request)
    expect([again.status, again.body, isReplay(again)]).toEqual([first[at]!.status, first[at]!.body, true])
    expect(again.headers.get('location')).toBe(first[at]!.headers.get('location'))
  }
  await running.stop()
  await database.drop()
  await cloud.drop()
  await rm(dataFolder, { recursive: true, force: true })
})
