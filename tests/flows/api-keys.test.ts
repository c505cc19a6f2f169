import { inspect } from 'node:util'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newApiKey } from '#shared/domain/api-keys/key.ts'
import { newId } from '#shared/domain/ids.ts'
import { type KeyScope, keyScopes, permissionNames } from '#shared/domain/tenancy/permissions.ts'
import type { Route } from '#shared/runtime/declarations.ts'
import type { Logger } from '#shared/runtime/log.ts'
import {
  type Answer,
  type CallOptions,
  call,
  startTestProduct,
  type TestProduct,
  uploadDocument,
} from '../setup/product.ts'

let product: TestProduct
let owner: postgres.Sql
let person: string
let orgId: string
let workspaceId: string
const logged: string[] = []
const secrets: string[] = []
let later = 0

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'), {}, recorder({}))
  product.services.now = () => new Date(Date.now() + later)
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
  person = await product.signUp()
  orgId = (await ok('POST', '/v1/organizations', { token: person, body: { name: 'Flow' } })).id
  workspaceId = (await ok('GET', '/v1/workspaces', { token: person })).data[0].id
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

/** Keeps everything that is logged, at any level. */
function recorder(bound: object): Logger {
  const keep = (message: string, fields?: object) =>
    void logged.push(`${message} ${inspect({ ...bound, ...fields }, { depth: 20 })}`)
  return { debug: keep, info: keep, warn: keep, error: keep, child: (fields) => recorder({ ...bound, ...fields }) }
}

/** As if so much time had passed; access tokens have a clock of their own. */
const pass = (seconds: number) => {
  later += seconds * 1000
}

const send = (method: string, path: string, options: CallOptions) => call(product.url, method, path, options)

async function ok(method: string, path: string, options: CallOptions) {
  const answer = await send(method, path, options)
  expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300)
  return answer.body
}

async function mint(draft: object = {}, token = person): Promise<{ id: string; key: string; api_key: any }> {
  const body = { name: newId(), scopes: ['intelligence:read'], ...draft }
  const { api_key, key } = await ok('POST', '/v1/api-keys', { token, body })
  secrets.push(key)
  return { id: api_key.id, key, api_key }
}

const revoke = (id: string) => ok('DELETE', `/v1/api-keys/${id}`, { token: person })
const rotate = (id: string, body: object, token = person) => send('POST', `/v1/api-keys/${id}/rotate`, { token, body })

function expectError(answer: Answer, status: number, message: string | RegExp): void {
  expect(answer.status, JSON.stringify(answer.body)).toBe(status)
  expect(answer.body.error.message).toMatch(message)
}

const expectInvalid = async (key: string) =>
  expectError(await send('GET', '/v1/projects', { token: key }), 401, /^The API key is not valid$/)

describe('the life of a key', () => {
  test('is made, shown once, used, listed, renamed and revoked', async () => {
    const { id, key, api_key } = await mint({ name: 'Firewall', scopes: ['usage:read', 'intelligence:read'] })
    expect(key).toMatch(/^rfa_[0-9A-Za-z]{33}$/)
    expect(api_key).toMatchObject({
      name: 'Firewall',
      prefix: key.slice(0, 12),
      scopes: ['intelligence:read', 'usage:read'],
      workspace_id: null,
      expires_at: null,
      last_used_at: null,
      revoked_at: null,
      replaced_by: null,
      created_by: expect.any(String),
    })
    await ok('GET', '/v1/projects', { token: key })
    const renamed = await ok('PATCH', `/v1/api-keys/${id}`, { token: person, body: { name: 'Core firewall' } })
    const expected = { ...api_key, name: 'Core firewall', last_used_at: renamed.last_used_at }
    expect(renamed).toEqual(expected)
    const anyUse = { ...expected, last_used_at: expect.toBeOneOf([null, expect.any(String)]) }
    const list = await ok('GET', '/v1/api-keys?page[size]=1', { token: person })
    expect(list).toEqual({ data: [anyUse], meta: expect.anything() })
    expect(await ok('GET', `/v1/api-keys/${id}`, { token: person })).toEqual(anyUse)
    await revoke(id)
    const revoked = await ok('GET', `/v1/api-keys/${id}`, { token: person })
    expect(revoked.revoked_at).toEqual(expect.any(String))
    pass(5)
    await expectInvalid(key)
    await revoke(id)
    const again = await ok('GET', `/v1/api-keys/${id}`, { token: person })
    // When it was used last is written down some time later.
    expect({ ...again, last_used_at: null }).toEqual({ ...revoked, last_used_at: null })
    expectError(await rotate(id, {}), 409, 'revoked')
  })

  test('pages through all keys, the newest first, each once', async () => {
    const made = [await mint(), await mint(), await mint()].map(({ id }) => id).reverse()
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const query: string = `page[size]=2${cursor && `&page[cursor]=${cursor}`}`
      const { data, meta } = await ok('GET', `/v1/api-keys?${query}`, { token: person })
      seen.push(...data.map(({ id }: { id: string }) => id))
      cursor = meta.next_cursor
    }
    expect(seen.slice(0, 3)).toEqual(made)
    expect(new Set(seen).size).toBe(seen.length)
  })

  test('ends when it expires', async () => {
    const expires_at = new Date(Date.now() + later + 60_000).toISOString()
    const { id, key } = await mint({ expires_at })
    await ok('GET', '/v1/projects', { token: key })
    pass(60)
    await expectInvalid(key)
    expectError(await rotate(id, {}), 409, 'expired')
  })

  test('must end in the future, within a year, on a day that exists', async () => {
    const inDays = (days: number) => new Date(Date.now() + later + days * 86_400_000).toISOString()
    for (const expires_at of [inDays(-1), inDays(0), inDays(367), '2099-02-31T99:00:00Z', 'soon']) {
      const body = { name: 'n', scopes: ['intelligence:read'], expires_at }
      const answer = await send('POST', '/v1/api-keys', { token: person, body })
      expect(answer.status, expires_at).toBe(422)
      expect(answer.body.error.details[0].field).toBe('body.expires_at')
    }
    await mint({ expires_at: inDays(365) })
  })
})

describe('rotation', () => {
  test('gives a new key like the old one, which goes on for the overlap', async () => {
    const expires_at = new Date(Date.now() + later + 30 * 86_400_000).toISOString()
    const old = await mint({ scopes: ['intelligence:read', 'audit:read'], expires_at })
    const { status, body } = await rotate(old.id, {})
    expect(status).toBe(201)
    secrets.push(body.key)
    expect(body.key).not.toBe(old.key)
    const { id, prefix, created_at, ...rest } = body.api_key
    expect(old.api_key).toMatchObject(rest)
    expect(await ok('GET', `/v1/api-keys/${old.id}`, { token: person })).toMatchObject({ replaced_by: id })
    for (const key of [old.key, body.key]) await ok('GET', '/v1/projects', { token: key })
    expectError(await rotate(old.id, {}), 409, 'replaced')
    pass(24 * 3600 - 60)
    for (const key of [old.key, body.key]) await ok('GET', '/v1/projects', { token: key })
    pass(60)
    await expectInvalid(old.key)
    await ok('GET', '/v1/projects', { token: body.key })
  })

  test('without an overlap ends the old key, and never lets it live longer than it would have', async () => {
    const first = await mint()
    const second = (await rotate(first.id, { overlap_hours: 0 })).body
    secrets.push(second.key)
    await expectInvalid(first.key)
    const soon = new Date(Date.now() + later + 3_600_000).toISOString()
    const brief = await mint({ expires_at: soon })
    const next = (await rotate(brief.id, { overlap_hours: 168, expires_at: null })).body
    secrets.push(next.key)
    expect(next.api_key.expires_at).toBeNull()
    expect((await ok('GET', `/v1/api-keys/${brief.id}`, { token: person })).expires_at).toBe(soon)
  })

  test('takes an overlap of up to seven days', async () => {
    const { id } = await mint()
    for (const overlap_hours of [-1, 169, 1.5, '24']) expect((await rotate(id, { overlap_hours })).status).toBe(422)
  })

  test('happens once, however many ask at the same time', async () => {
    const { id } = await mint()
    const answers = await Promise.all([1, 2, 3, 4].map(() => rotate(id, {})))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
    for (const { body } of answers) if (body.key) secrets.push(body.key)
  })
})

describe('what a key may do', () => {
  const routes = () =>
    product.functions.flatMap(({ name, declaration }) =>
      declaration.kind === 'route' && declaration.access !== 'public' ? [{ name, route: declaration as Route }] : [],
    )
  const tryRoute = (route: Route, token: string) => {
    const path = route.path.replace('{organization_id}', orgId).replace('{workspace_id}', workspaceId)
    return send(route.method, path.replace(/\{\w+\}/g, newId()), { token })
  }
  const forKeys = ({ access, caller }: Route) =>
    (permissionNames as string[]).includes(access) && caller !== 'person' ? access : null

  test('is what its scopes say: every route wants its own, and names it where it is missing', async () => {
    const only = new Map<string, string>()
    const without = new Map<string, string>()
    for (const scope of keyScopes) {
      only.set(scope, (await mint({ scopes: [scope] })).key)
      without.set(scope, (await mint({ scopes: keyScopes.filter((other) => other !== scope) })).key)
    }
    const all = (await mint({ scopes: keyScopes })).key
    const open = routes().filter(({ route }) => forKeys(route) !== null)
    expect(open.length).toBeGreaterThan(15)
    for (const { name, route } of open) {
      const access = forKeys(route) as KeyScope
      const refused = await tryRoute(route, without.get(access) ?? all)
      expect(refused.body.error, name).toMatchObject({
        code: 'PERMISSION_DENIED',
        message: `This API key lacks the scope ${access}`,
      })
      const key = only.get(access)
      if (key !== undefined) expect([401, 403], name).not.toContain((await tryRoute(route, key)).status)
    }
  })

  test('is nothing that takes a person: it cannot mint keys, manage members or act as a user', async () => {
    const { key } = await mint({ scopes: keyScopes })
    const closed = routes().filter(({ route }) => forKeys(route) === null)
    expect(closed.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['api-keys-create', 'api-keys-rotate', 'users-read-me', 'organizations-create']),
    )
    for (const { name, route } of closed) {
      const answer = await tryRoute(route, key)
      expect(answer.body.error, name).toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining('API keys cannot be used for this'),
      })
    }
  })

  test('never includes what keys cannot have', async () => {
    for (const scope of permissionNames.filter((name) => !(keyScopes as readonly string[]).includes(name))) {
      const answer = await send('POST', '/v1/api-keys', { token: person, body: { name: 'n', scopes: [scope] } })
      expect(answer.status, scope).toBe(422)
    }
    expect((await send('POST', '/v1/api-keys', { token: person, body: { name: 'n', scopes: [] } })).status).toBe(422)
  })
})

test('all that is wrong with a key is told in the same words', async () => {
  const real = await mint()
  const mistyped = real.key.slice(0, -1) + (real.key.endsWith('0') ? '1' : '0')
  const answers = await Promise.all(
    [newApiKey(), mistyped, 'rfa_', `${real.key}0`].map((token) => send('GET', '/v1/projects', { token })),
  )
  for (const answer of answers) {
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect({ ...answer.body.error, trace_id: '' }).toEqual({ ...answers[0]!.body.error, trace_id: '' })
  }
})

describe('HTTP Basic', () => {
  const basic = (password: string, user = 'adapt') => ({
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
  })
  const report = 'The beacon talks to 185.220.101[.]45 and hxxp://c2.evil-updates[.]top/load.php\n'

  test('lets a firewall read the same list as the token URL does, with the key as password', async () => {
    const machine = await mint({ scopes: ['intelligence:read', 'intelligence:write', 'organization:manage'] })
    await ingest(machine.key, report)
    const made = await ok('POST', '/v1/blocklists', {
      token: machine.key,
      body: { name: 'Edge', minimum_confidence: 0 },
    })
    const path = `/v1/blocklists/${made.blocklist.id}/content?format=plain`
    const byToken = await (await fetch(made.url)).text()
    expect(byToken).toContain('185.220.101.45')
    const { key } = await mint()
    for (const user of ['', 'panos', 'ä']) {
      const answer = await send('GET', path, basic(key, user))
      expect(answer.status).toBe(200)
      expect(answer.body).toBe(byToken)
    }
    const first = await send('GET', path, { token: key })
    expect(first.body).toBe(byToken)
    const etag = first.headers.get('etag') ?? ''
    const again = await send('GET', path, { headers: { ...basic(key).headers, 'if-none-match': etag } })
    expect([again.status, again.body]).toEqual([304, ''])
    await ok('DELETE', `/v1/blocklists/${made.blocklist.id}`, { token: person })
    expect((await send('GET', path, basic(key))).status).toBe(404)
  })

  test('is challenged only where it is taken, and takes nothing but keys', async () => {
    const { key } = await mint()
    const path = `/v1/blocklists/${newId()}/content`
    const challenge = 'Bearer, Basic realm="RaptorFlow ADAPT", charset="UTF-8"'
    for (const wrong of [{}, basic('x'), basic(person), basic(`${key}:x`), { headers: { authorization: 'Basic !' } }]) {
      const answer = await send('GET', path, wrong)
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe(challenge)
    }
    const elsewhere = await send('GET', '/v1/projects', basic(key))
    expect(elsewhere.status).toBe(401)
    expect(elsewhere.headers.get('www-authenticate')).toBe('Bearer')
    expect((await send('GET', path, basic(key))).status).toBe(404)
  })
})

/** Uploads a file, completes it and waits for its job, all with this token. Returns the document. */
async function ingest(token: string, content: string) {
  const id = await uploadDocument(product.url, token, { fileName: 'report.txt', content: `${content}${newId()}\n` })
  const { job_id } = await ok('POST', `/v1/documents/${id}/complete`, { token })
  expect(await ok('GET', `/v1/jobs/${job_id}/events`, { token })).toContain('event: succeeded')
  return ok('GET', `/v1/documents/${id}`, { token })
}

test('a document, project, export and blocklist made by a key are nobody’s, and go all the way', async () => {
  const { key: token } = await mint({ scopes: ['intelligence:read', 'intelligence:write', 'organization:manage'] })
  const project = await ok('POST', '/v1/projects', { token, body: { name: newId() } })
  expect(project.created_by).toBeNull()
  const document = await ingest(token, 'APT29 used Cobalt Strike against 203.0.113[.]77 and evil-updates[.]top\n')
  expect(document).toMatchObject({ status: 'ready' })
  const made = await ok('POST', '/v1/exports', { token, body: { format: 'csv', filter: { document_id: document.id } } })
  expect(await ok('GET', `/v1/jobs/${made.job_id}/events`, { token })).toContain('event: succeeded')
  expect((await ok('GET', `/v1/exports/${made.id}`, { token })).status).toBe('ready')
  const { blocklist } = await ok('POST', '/v1/blocklists', { token, body: { name: 'By a key' } })
  const [rows] = await owner`
    select (select created_by from documents where id = ${document.id}) as document,
      (select created_by from exports where id = ${made.id}) as export,
      (select created_by from blocklists where id = ${blocklist.id}) as blocklist,
      (select count(*)::int from notifications where subject_id = ${document.id}) as notifications,
      (select count(*)::int from dead_letters) as letters`
  expect(rows).toEqual({ document: null, export: null, blocklist: null, notifications: 0, letters: 0 })
})

test('no key is in any table, nor in the log', async () => {
  const body = { name: 'kept safe', scopes: ['intelligence:read'] }
  const headers = { 'idempotency-key': newId() }
  const { key } = await ok('POST', '/v1/api-keys', { token: person, body, headers })
  secrets.push(key)
  await send('GET', `/v1/projects?api_key=${key}`, { token: key })
  expect(secrets.length).toBeGreaterThan(20)
  const tables = await owner`select tablename as name from pg_tables where schemaname = 'public'`
  const haystacks = [logged.join('\n')]
  for (const { name } of tables) {
    const [dump] = await owner`select string_agg(t::text, e'\n') as text from ${owner(name)} t`
    haystacks.push(dump?.text ?? '')
  }
  const everything = haystacks.join('\n')
  expect(everything).toContain('kept safe')
  expect(logged.length).toBeGreaterThan(20)
  const asBase64 = (secret: string) => Buffer.from(`adapt:${secret}`).toString('base64')
  for (const secret of secrets) {
    // Without the beginning, which is the prefix that people may see.
    expect(everything.includes(secret.slice(12))).toBe(false)
    expect(everything.includes(asBase64(secret))).toBe(false)
    expect(everything.includes(Buffer.from(secret.slice(12)).toString('hex'))).toBe(false)
  }
})
