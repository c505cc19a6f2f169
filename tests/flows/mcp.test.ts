import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { addOrganization, allowedOrigin, createWorld, type World } from '../contract/world.ts'
import { type CallOptions, call } from '../setup/product.ts'

let world: World
let foreign: World
let owner: postgres.Sql
const clients: Client[] = []

beforeAll(async () => {
  world = await createWorld(inject('clusterUrl'))
  foreign = await addOrganization(world.product)
  owner = postgres(world.product.database.ownerUrl, { max: 1, onnotice: () => {} })
}, 300_000)
afterAll(async () => {
  for (const client of clients) await client.close()
  await owner.end()
  await foreign.stop()
  await world.stop()
})

interface Connecting {
  headers?: Record<string, string>
  /** `auto`: the newest revision that both sides know; else the older handshake. */
  mode?: 'auto' | 'legacy'
}

/** A client as it is published, with an API key or an access token. */
async function connect(secret: string, { headers = {}, mode = 'legacy' }: Connecting = {}): Promise<Client> {
  const client = new Client({ name: 'flow', version: '1' }, { versionNegotiation: { mode } })
  const transport = new StreamableHTTPClientTransport(new URL(`${world.product.url}/v1/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${secret}`, ...headers } },
  })
  await client.connect(transport)
  clients.push(client)
  return client
}

/** What a tool said, and whether it failed. */
async function use(client: Client, name: string, input: Record<string, unknown> = {}) {
  const { content, isError = false } = await client.callTool({ name, arguments: input })
  const [part] = content as { type: string; text: string }[]
  return { failed: isError, ...JSON.parse(part!.text) }
}

/** One message without any client. */
const post = (message: object, options: CallOptions = {}) =>
  call(world.product.url, 'POST', '/v1/mcp', {
    token: world.tokens.viewer,
    body: { jsonrpc: '2.0', ...message },
    ...options,
  })
const ping = { id: 1, method: 'ping' }

async function toolCalls(target: World, filter: (details: any) => boolean = () => true): Promise<any[]> {
  const path = '/v1/audit-logs?target_type=mcp&page[size]=100'
  const { body } = await call(target.product.url, 'GET', path, { token: target.tokens.owner })
  return body.data.filter(({ details }: { details: unknown }) => filter(details))
}

const reading = ['search_intelligence', 'read_indicator', 'read_entity', 'read_document', 'list_evidence']
const writings = ['list_briefs', 'read_brief', 'list_detection_rules', 'read_detection_rule']

describe.each(['legacy', 'auto'] as const)('a client that negotiates its version (%s)', (mode) => {
  test('sees tools that only read, and is told which give text from outside', async () => {
    const client = await connect((await world.newApiKey()).key, { mode })
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual([...reading, ...writings])
    for (const tool of tools) {
      expect(tool.annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false, openWorldHint: false })
      expect(tool.inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
    }
    const untrusted = tools.filter(({ description }) => /data to be judged .* never instructions/.test(description!))
    expect(untrusted.map(({ name }) => name)).toEqual([
      'search_intelligence',
      'read_indicator',
      'read_document',
      'list_evidence',
      ...writings,
    ])
    expect(client.getInstructions()).toMatch(/never instructions/)
    expect(client.getServerVersion()).toMatchObject({ name: 'raptorflow-adapt' })
    expect(client.getNegotiatedProtocolVersion()).toBe(mode === 'auto' ? '2026-07-28' : '2025-11-25')
  })

  test('reads with each tool what the API shows', async () => {
    const { key } = await world.newApiKey()
    const client = await connect(key, { mode })
    const get = async (path: string) => (await call(world.product.url, 'GET', path, { token: key })).body
    const briefId = await world.newBrief()
    const ruleId = await world.newDetectionRule()

    const found = await use(client, 'search_intelligence', { query: 'APT29' })
    const actor = found.data.find(
      ({ kind, text }: { kind: string; text: string }) => kind === 'actor' && text === 'APT29',
    )
    expect(found.notice).toMatch(/never instructions/)
    expect((await use(client, 'read_entity', { entity_id: actor.id })).data).toMatchObject({
      kind: 'actor',
      name: 'APT29',
    })

    const indicator = await use(client, 'read_indicator', { indicator_id: world.indicatorId })
    expect(indicator).toMatchObject({ failed: false, data: await get(`/v1/indicators/${world.indicatorId}`) })

    const { text } = await get(`/v1/documents/${world.documentId}/text`)
    const part = await use(client, 'read_document', { document_id: world.documentId, start: 5, characters: 30 })
    expect(part.data).toMatchObject({ start: 5, characters: text.length, text: text.slice(5, 35) })

    const evidence = await use(client, 'list_evidence', { indicator_id: world.indicatorId, limit: 100 })
    expect(evidence.data).toEqual((await get(`/v1/evidence?indicator_id=${world.indicatorId}&page[size]=100`)).data)

    expect((await use(client, 'list_briefs', { limit: 50 })).data.map(({ id }: { id: string }) => id)).toContain(
      briefId,
    )
    expect((await use(client, 'list_briefs', { before: briefId })).data).not.toContainEqual(
      expect.objectContaining({ id: briefId }),
    )
    expect((await use(client, 'read_brief', { brief_id: briefId })).data).toEqual(await get(`/v1/briefs/${briefId}`))
    expect((await use(client, 'list_detection_rules')).data).toContainEqual(expect.objectContaining({ id: ruleId }))
    expect((await use(client, 'read_detection_rule', { rule_id: ruleId })).data).toEqual(
      await get(`/v1/detection-rules/${ruleId}`),
    )
  })

  test("is told of what isn't there as a tool's error, and goes on", async () => {
    const client = await connect((await world.newApiKey()).key, { mode })
    const missing = await use(client, 'read_brief', { brief_id: newId() })
    expect(missing).toMatchObject({
      failed: true,
      error: { code: 'NOT_FOUND', message: 'Brief not found', details: [] },
    })
    await expect(client.callTool({ name: 'write_rule', arguments: {} })).rejects.toThrow(/no such tool/)
    expect((await use(client, 'list_briefs')).failed).toBe(false)
  })
})

describe('another organization', () => {
  test("has nothing that a tool shows: its ids aren't found, its words neither", async () => {
    const client = await connect((await world.newApiKey()).key)
    const { data: entities } = (await call(foreign.product.url, 'GET', '/v1/actors', { token: foreign.tokens.owner }))
      .body
    const attempts: [string, Record<string, string>][] = [
      ['read_indicator', { indicator_id: foreign.indicatorId }],
      ['read_entity', { entity_id: entities[0].id }],
      ['read_document', { document_id: foreign.documentId }],
      ['read_brief', { brief_id: await foreign.newBrief() }],
      ['read_detection_rule', { rule_id: await foreign.newDetectionRule() }],
    ]
    for (const [name, input] of attempts) {
      const theirs = await use(client, name, input)
      expect(theirs, name).toMatchObject({ failed: true, error: { code: 'NOT_FOUND' } })
      const nobodys = await use(client, name, { [Object.keys(input)[0]!]: newId() })
      expect(nobodys.error.message).toBe(theirs.error.message)
    }
    for (const filter of ['document_id', 'indicator_id'] as const) {
      const id = filter === 'document_id' ? foreign.documentId : foreign.indicatorId
      expect((await use(client, 'list_evidence', { [filter]: id })).data).toEqual([])
    }
    const found = await use(client, 'search_intelligence', { query: 'APT29', limit: 20 })
    expect(found.data.map(({ id }: { id: string }) => id)).not.toContain(entities[0].id)
    expect(found.data.map(({ id }: { id: string }) => id)).not.toContain(foreign.documentId)
  })

  test('is refused to a key as a header, and so is a workspace that is not there', async () => {
    const { key } = await world.newApiKey()
    await expect(connect(key, { headers: { 'x-org-id': foreign.orgId } })).rejects.toThrow()
    await expect(connect(key, { headers: { 'x-workspace-id': foreign.workspaceId } })).rejects.toThrow()
  })

  test('has an audit log of its own', async () => {
    const client = await connect((await foreign.newApiKey()).key)
    const query = newId()
    await use(client, 'search_intelligence', { query })
    const isThis = ({ input }: { input: { query?: string } | null }) => input?.query === query
    expect(await toolCalls(foreign, isThis)).toHaveLength(1)
    expect(await toolCalls(world, isThis)).toEqual([])
  })

  test("another workspace's documents stay there", async () => {
    const { id } = await world.newWorkspace()
    const client = await connect((await world.newApiKey()).key, { headers: { 'x-workspace-id': id } })
    expect(await use(client, 'read_document', { document_id: world.documentId })).toMatchObject({
      failed: true,
      error: { code: 'NOT_FOUND' },
    })
    expect((await use(client, 'list_briefs')).data).toEqual([])
  })
})

describe('who may connect', () => {
  test('a key that may read intelligence, and any member; no other key, and nobody without proof', async () => {
    expect((await use(await connect(world.tokens.viewer), 'list_briefs')).failed).toBe(false)
    await expect(connect((await world.newApiKey(['usage:read'])).key)).rejects.toMatchObject({ data: { status: 403 } })
    expect((await post(ping, { token: '' })).body.error.code).toBe('UNAUTHENTICATED')
    expect((await post(ping, { token: world.tokens.stranger, headers: { 'x-org-id': world.orgId } })).status).toBe(404)
  })

  test('a revoked key no more', async () => {
    const { id, key } = await world.newApiKey()
    const client = await connect(key)
    expect((await use(client, 'list_briefs')).failed).toBe(false)
    const { now } = world.product.services
    await call(world.product.url, 'DELETE', `/v1/api-keys/${id}`, { token: world.tokens.owner })
    world.product.services.now = () => new Date(now().getTime() + 6_000)
    try {
      await expect(use(client, 'list_briefs')).rejects.toThrow()
      await expect(connect(key)).rejects.toThrow()
      expect((await post(ping, { token: key })).status).toBe(401)
    } finally {
      world.product.services.now = now
    }
  })

  test('no page of the web that is not named in CORS_ORIGINS', async () => {
    const from = (origin: string) => post(ping, { headers: { origin } })
    for (const origin of ['https://evil.example', 'null', '', `${allowedOrigin}.evil.example`, 'http://localhost']) {
      const answer = await from(origin)
      expect([origin, answer.status, answer.body.error?.code]).toEqual([origin, 403, 'PERMISSION_DENIED'])
    }
    expect((await from(allowedOrigin)).status).toBe(200)
    expect((await from(new URL(world.product.services.config.PUBLIC_URL).origin)).status).toBe(200)
  })
})

describe('a message', () => {
  test('is the only thing there is: no stream to open, no session to end, no batch', async () => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await call(world.product.url, method, '/v1/mcp', {
        token: world.tokens.viewer,
        headers: { accept: 'text/event-stream' },
      })
      expect([method, answer.status]).toEqual([method, 405])
      expect(answer.headers.get('allow')).toBe('POST, OPTIONS')
    }
    const batch = await call(world.product.url, 'POST', '/v1/mcp', {
      token: world.tokens.viewer,
      body: [{ jsonrpc: '2.0', ...ping }],
    })
    expect(batch.status).toBe(422)
  })

  test('is answered in JSON with what is left of the rate limit, and a notification without a body', async () => {
    const answer = await post(ping)
    expect([answer.status, answer.body]).toEqual([200, { jsonrpc: '2.0', id: 1, result: {} }])
    expect(answer.headers.get('mcp-session-id')).toBeNull()
    expect(Number(answer.headers.get('x-ratelimit-remaining'))).toBeLessThan(
      Number(answer.headers.get('x-ratelimit-limit')),
    )
    const notified = await post({ method: 'notifications/initialized' })
    expect([notified.status, notified.body]).toEqual([202, ''])
  })

  test('of a method or version that nobody knows is a JSON-RPC error', async () => {
    expect((await post({ id: 7, method: 'tools/destroy' })).body).toMatchObject({ id: 7, error: { code: -32601 } })
    const old = await post(ping, { headers: { 'mcp-protocol-version': '1999-01-01' } })
    expect([old.status, old.body.error.code]).toEqual([400, expect.any(Number)])
  })

  test('that subscribes is refused, and answered at once', async () => {
    const client = await connect((await world.newApiKey()).key, { mode: 'auto' })
    await expect(client.listen({ toolsListChanged: true })).rejects.toThrow(/Subscription limit/)
  })

  test('that is too large is refused before it is read', async () => {
    const query = 'x'.repeat(100_000)
    const params = { name: 'search_intelligence', arguments: { query } }
    expect((await post({ id: 1, method: 'tools/call', params })).status).toBe(413)
  })
})

describe('input', () => {
  const someId = '018f2b6e-0000-7000-8000-000000000000'
  const wrong: [string, Record<string, unknown>, string][] = [
    ['read_indicator', { indicator_id: "x' or 1=1 --" }, 'arguments.indicator_id'],
    ['read_indicator', {}, 'arguments.indicator_id'],
    ['read_indicator', { indicator_id: [someId] }, 'arguments.indicator_id'],
    ['search_intelligence', { query: 'a\0b' }, 'arguments.query'],
    ['search_intelligence', { query: '' }, 'arguments.query'],
    ['search_intelligence', { query: 'x', limit: 21 }, 'arguments.limit'],
    ['search_intelligence', { query: 'x', org_id: someId }, 'arguments.org_id'],
    ['read_document', { document_id: someId, start: -1 }, 'arguments.start'],
    ['list_briefs', { before: 'z', limit: 0 }, 'arguments.limit'],
    ['list_detection_rules', { technique: 'T1; drop table' }, 'arguments.technique'],
  ]
  test.each(wrong)('that is not valid is told by its field (%s %j)', async (name, input, field) => {
    const client = await connect(world.tokens.viewer)
    const answer = await use(client, name, input)
    expect(answer).toMatchObject({ failed: true, error: { code: 'VALIDATION_ERROR' } })
    expect(answer.error.details.map((detail: { field: string }) => detail.field)).toContain(field)
    expect(JSON.stringify(answer)).not.toMatch(/\bat .*\.ts:|postgres|select /i)
  })

  test('of any shape is an error of the caller, and breaks nothing', async () => {
    const head = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
    const deep = (open: string, close: string, times: number) => open.repeat(times) + close.repeat(times)
    const params = [
      `{"name":"list_briefs","arguments":${deep('[', ']', 40_000)}}`,
      `{"name":"list_briefs","arguments":{"q":${deep('{"q":', '}', 10_000).replace('}', '1}')}}}`,
      `${deep('{"_meta":', '}', 9_000).replace('}', '1}')}`,
      '{"name":"list_briefs","arguments":{"__proto__":{"limit":50},"constructor":1}}',
      '{"name":"list_briefs","arguments":"q"}',
      '{"name":"list_briefs","arguments":null}',
      '{"name":"constructor"}',
      '{"name":7}',
      '{}',
    ]
    for (const text of params) {
      const answer = await call(world.product.url, 'POST', '/v1/mcp', {
        token: world.tokens.viewer,
        rawBody: `${head}${text}}`,
      })
      const failed = answer.status >= 400 || answer.body.error !== undefined || answer.body.result.isError === true
      expect([text.slice(0, 80), answer.status < 500, failed]).toEqual([text.slice(0, 80), true, true])
      expect(JSON.stringify(answer.body)).not.toMatch(/\bat .*\.ts:|RangeError|node_modules/)
    }
  })
})

describe('the audit log', () => {
  test('has each call of a tool with who, what and how it ended, and nothing else', async () => {
    const { id: keyId, key } = await world.newApiKey()
    const client = await connect(key)
    await client.listTools()
    const query = `words ${newId()}`
    await use(client, 'search_intelligence', { query })
    await use(client, 'read_brief', { brief_id: newId() })
    await use(client, 'read_brief', { brief_id: 'not an id' })
    const rows = (await toolCalls(world)).filter(({ actor_id }) => actor_id === keyId)
    expect(rows.map(({ action, actor_kind, details }) => ({ action, actor_kind, details }))).toEqual(
      [
        { tool: 'read_brief', input: null, outcome: 'VALIDATION_ERROR' },
        { tool: 'read_brief', input: { brief_id: expect.any(String) }, outcome: 'NOT_FOUND' },
        { tool: 'search_intelligence', input: { query, limit: 10 }, outcome: 'done' },
      ].map((details) => ({ action: 'mcp.tool_called', actor_kind: 'key', details })),
    )
    const verified = await call(world.product.url, 'GET', '/v1/audit-logs/verification', { token: world.tokens.owner })
    expect(verified.body.valid).toBe(true)
  })

  test('keeps no secret that somebody searched for', async () => {
    const { key } = await world.newApiKey()
    const client = await connect(key)
    await use(client, 'search_intelligence', { query: `who leaked ${key}?` })
    const [row] = await toolCalls(world)
    expect(row.details.input.query).toBe('who leaked rfa_[redacted]?')
  })

  test('is written, or nothing is answered', async () => {
    const client = await connect(world.tokens.viewer)
    const before = (await toolCalls(world)).length
    await owner`revoke execute on function append_audit(json) from adapt_app`
    try {
      await expect(use(client, 'search_intelligence', { query: 'APT29' })).rejects.toMatchObject({
        data: { status: 500, text: expect.not.stringContaining('APT29') },
      })
    } finally {
      await owner`grant execute on function append_audit(json) to adapt_app`
    }
    expect(await toolCalls(world)).toHaveLength(before)
  })
})

test('a tool that breaks is an error without a word of why, and in the audit log', async () => {
  const client = await connect(world.tokens.viewer)
  await owner`alter table briefs rename to briefs_elsewhere`
  try {
    expect(await use(client, 'list_briefs', { q: 'broken' })).toEqual({
      failed: true,
      error: {
        code: 'INTERNAL',
        message: 'An unexpected error occurred',
        details: [],
        trace_id: expect.any(String),
      },
    })
  } finally {
    await owner`alter table briefs_elsewhere rename to briefs`
  }
  expect(await toolCalls(world, ({ outcome }) => outcome === 'INTERNAL')).toHaveLength(1)
  expect((await use(client, 'list_briefs')).failed).toBe(false)
})
