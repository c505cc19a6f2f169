import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { buildFunctions } from '../../scripts/build/build-functions.ts'
import { type FunctionProcess, startFunction } from '../../scripts/build/function-process.ts'
import { makeLinesPdf } from '../fixtures/pdf.ts'
import {
  type Answer,
  type CallOptions,
  call,
  startTestProduct,
  type TestProduct,
  testPassword,
} from '../setup/product.ts'

let folder: string
let product: TestProduct
let environment: Record<string, string>
let token: string
let orgId: string
let owner: postgres.Sql
const running = new Set<FunctionProcess>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adapt-bundles-'))
  ;[, product] = await Promise.all([buildFunctions(folder), startTestProduct(inject('clusterUrl'))])
  environment = settingsOf(product)
  token = await product.signUp()
  orgId = (await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Example' } })).body.id
  owner = postgres(product.database.ownerUrl, { max: 1 })
})
afterEach(async () => {
  for (const one of running) one.signal('SIGKILL')
  await Promise.all([...running].map((one) => one.ended))
  running.clear()
})
afterAll(async () => {
  await owner?.end()
  await product?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The product's settings as a deployment has them: in the environment, and nowhere else. */
function settingsOf({ services: { config } }: TestProduct): Record<string, string> {
  return {
    APP_ENV: 'test',
    PUBLIC_URL: config.PUBLIC_URL,
    FUNCTIONS_URL: config.FUNCTIONS_URL,
    DATABASE_URL: config.DATABASE_URL,
    SUPABASE_URL: config.SUPABASE_URL,
    SUPABASE_ANON_KEY: config.SUPABASE_ANON_KEY,
    PUSH_ISSUER: config.PUSH_ISSUER,
    PUSH_JWKS_URL: config.PUSH_JWKS_URL,
    PUSH_SERVICE_ACCOUNTS: config.PUSH_SERVICE_ACCOUNTS.join(),
    SIGNING_SECRET: config.SIGNING_SECRET,
    RATE_LIMIT_PRINCIPAL_PER_MINUTE: String(config.RATE_LIMIT_PRINCIPAL_PER_MINUTE),
    RATE_LIMIT_ADDRESS_PER_MINUTE: String(config.RATE_LIMIT_ADDRESS_PER_MINUTE),
    OBJECTS_FOLDER: config.OBJECTS_FOLDER!,
    OBJECTS_SECRET: config.OBJECTS_SECRET!,
  }
}

async function start(name: string, settings: Record<string, string> = {}): Promise<FunctionProcess> {
  const started = await startFunction(join(folder, 'functions', name), name, { ...environment, ...settings })
  running.add(started)
  await started.listening()
  return started
}

/** The answer without what differs between two servers: the moment, and how the connection is kept. */
function comparable({ status, body, headers }: Answer) {
  const rest = Object.fromEntries(headers)
  for (const name of ['date', 'connection', 'keep-alive']) delete rest[name]
  return { status, body, headers: rest }
}

describe('a function on its own answers as the product does on one port', () => {
  const json = { 'content-type': 'application/json' }
  const cases: [string, string, string, string, CallOptions, number][] = [
    ['a list', 'projects-list', 'GET', '/v1/projects?page[size]=5', {}, 200],
    ['an unknown parameter', 'projects-list', 'GET', '/v1/projects?nothing=1', {}, 422],
    ['JSON that breaks off', 'projects-create', 'POST', '/v1/projects', { rawBody: '{"name": ' }, 422],
    ['JSON that is no object', 'projects-create', 'POST', '/v1/projects', { rawBody: '5' }, 422],
    ['no body', 'projects-create', 'POST', '/v1/projects', { headers: json }, 422],
    ['a body in plain text', 'projects-create', 'POST', '/v1/projects', { ...typed('text/plain'), rawBody: '{}' }, 415],
    [
      'a form',
      'projects-create',
      'POST',
      '/v1/projects',
      { ...typed('application/x-www-form-urlencoded'), rawBody: 'a=%' },
      415,
    ],
    [
      'a charset that nobody knows',
      'projects-create',
      'POST',
      '/v1/projects',
      { ...typed('application/json; charset=nothing'), rawBody: '{' },
      415,
    ],
    [
      'a body that says it is packed',
      'projects-create',
      'POST',
      '/v1/projects',
      { headers: { ...json, 'content-encoding': 'gzip' }, rawBody: '{}' },
      415,
    ],
    ['a body of 1.1 MB', 'projects-create', 'POST', '/v1/projects', { body: { name: 'x'.repeat(1_100_000) } }, 413],
  ]

  it.each(cases)('%s', async (_what, name, method, path, options, status) => {
    const alone = await start(name)
    for (const credentials of [{ token }, {}]) {
      const headers = { ...options.headers, 'x-request-id': 'request-of-a-test' }
      const ask = (url: string) => call(url, method, path, { ...options, ...credentials, headers })
      const answer = comparable(await ask(alone.url))
      expect(answer).toEqual(comparable(await ask(product.url)))
      expect(answer.status).toBe('token' in credentials ? status : 401)
    }
  })

  it('a path that is no UTF-8', async () => {
    const alone = await start('projects-read')
    const [answer, expected] = await Promise.all(
      [alone.url, product.url].map((url) =>
        call(url, 'GET', '/v1/projects/%E0%A4%A', { token, headers: { 'x-request-id': 'request-of-a-test' } }),
      ),
    )
    expect(comparable(answer!)).toEqual(comparable(expected!))
    expect(answer!.status).toBe(404)
  })

  it('HEAD', async () => {
    const alone = await start('projects-list')
    const [answer, expected] = await Promise.all(
      [alone.url, product.url].map(async (url) => {
        const headers = { authorization: `Bearer ${token}`, 'x-request-id': 'request-of-a-test' }
        const response = await fetch(`${url}/v1/projects`, { method: 'HEAD', headers })
        return { status: response.status, body: await response.text(), headers: response.headers }
      }),
    )
    expect(comparable(answer!)).toEqual(comparable(expected!))
    expect(answer).toMatchObject({ status: 200, body: '' })
    expect(Number(answer!.headers.get('content-length'))).toBeGreaterThan(0)
  })

  function typed(type: string) {
    return { headers: { 'content-type': type } }
  }
})

describe('a function on its own', () => {
  it('reads and writes rows of its caller, and no one else', async () => {
    const [create, list] = await Promise.all([start('projects-create'), start('projects-list')])
    const made = await call(create.url, 'POST', '/v1/projects', { token, body: { name: 'Made by a bundle' } })
    expect(made.status).toBe(201)
    const seen = await call(list.url, 'GET', '/v1/projects', { token })
    expect(seen.body.data).toContainEqual(made.body)
    const stranger = await product.signUp()
    await call(product.url, 'POST', '/v1/organizations', { token: stranger, body: { name: 'Strangers' } })
    expect((await call(list.url, 'GET', '/v1/projects', { token: stranger })).body.data).toEqual([])
  })

  it('signs people in through the identity provider', async () => {
    const signUp = await start('auth-sign-up')
    const body = { email: 'someone@example.org', password: testPassword }
    expect((await call(signUp.url, 'POST', '/v1/auth/sign-up', { body })).status).toBe(201)
  })

  it('answers everyone where it is public, whatever else is asked only by its envelope', async () => {
    const ready = await start('operations-ready')
    expect((await call(ready.url, 'GET', '/ready')).body).toEqual({ status: 'ready' })
    for (const path of ['/favicon.ico', '/robots.txt', '/', '//elsewhere/ready']) {
      const { status, body, headers } = await call(ready.url, 'GET', path)
      expect({ status, code: body.error?.code }).toEqual({ status: 404, code: 'NOT_FOUND' })
      expect(headers.has('x-powered-by')).toBe(false)
    }
    const wrong = await call(ready.url, 'DELETE', '/ready')
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })

  it('serves the API reference with all that it loads', async () => {
    const [page, asset, document] = await Promise.all(
      ['docs-read-page', 'docs-read-asset', 'docs-read-openapi'].map((name) => start(name)),
    )
    const { body } = await call(page!.url, 'GET', '/docs')
    const files: string[] = [...body.matchAll(/"(\/docs\/[^"]+)"/g)].map((match) => match[1]!)
    expect(files).toHaveLength(4)
    for (const file of files) expect([file, (await call(asset!.url, 'GET', file)).status]).toEqual([file, 200])
    const { servers, paths } = (await call(document!.url, 'GET', '/v1/openapi.json')).body
    expect(servers).toEqual([{ url: product.url }])
    expect(paths).toHaveProperty('/v1/projects')
  })

  it('writes down what it was asked before it ends on SIGTERM', async () => {
    const projects = await start('projects-list')
    const requestId = crypto.randomUUID()
    await call(projects.url, 'GET', '/v1/projects', { token, headers: { 'x-request-id': requestId } })
    projects.signal('SIGTERM')
    await projects.ended
    const rows = await owner`select org_id, function_name, status from api_usage_logs where request_id = ${requestId}`
    expect(rows).toEqual([{ org_id: orgId, function_name: 'projects-list', status: 200 }])
  })

  it('logs one JSON object a line, and nothing else', async () => {
    const ready = await start('operations-ready')
    await call(ready.url, 'GET', '/ready')
    await expect.poll(() => ready.output).toContain('\n')
    const lines = ready.output.split('\n').filter(Boolean)
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        severity: 'INFO',
        message: 'request',
        httpRequest: expect.objectContaining({ requestMethod: 'GET', requestUrl: '/ready', status: 200 }),
        'logging.googleapis.com/labels': expect.objectContaining({ function: 'operations-ready' }),
      }),
    ])
  })

  it('does not start without its settings, and says which are missing', async () => {
    const { DATABASE_URL: _, ...rest } = environment
    const started = await startFunction(join(folder, 'functions/projects-list'), 'projects-list', rest)
    expect(await started.ended).toBe(1)
    expect(started.output).toContain('DATABASE_URL')
  })
})

describe('the pipeline of functions that each run on their own', () => {
  const steps = ['documents-validate', 'documents-scan', 'documents-extract-text', 'documents-extract-intelligence']

  it('reads an uploaded PDF, each step called by a signed push, its own push left in the outbox', async () => {
    const [jobId, ...processes] = await Promise.all([processReport(), ...steps.map((name) => start(name))])
    for (const [index, name] of steps.entries()) {
      const { url } = processes[index]!
      const message = await messageFor(name, jobId)
      expect(await push(url, name, message, 'documents-index')).toEqual({ status: 401, outcome: undefined })
      expect(await push(url, name, message)).toEqual({ status: 200, outcome: 'done' })
      expect(await push(url, name, message)).toEqual({ status: 200, outcome: 'duplicate' })
    }
    const found = await owner`select value from indicators where org_id = ${orgId}`
    expect(found.map((row) => row.value)).toContain('185.220.101.45')
  }, 40_000)

  it('is watched by server-sent events, until SIGTERM ends the function and its connections within a second', async () => {
    const watchedUrl = `${environment.DATABASE_URL}?application_name=watched`
    const [jobId, watcher] = await Promise.all([
      processReport(),
      start('jobs-stream-events', { DATABASE_URL: watchedUrl }),
    ])
    const response = await fetch(`${watcher.url}/v1/jobs/${jobId}/events`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!/^event: /m.test(text)) text += (await reader.read()).value ?? ''
    expect(await connectionsOf('watched')).toBeGreaterThan(0)

    const signalledAt = performance.now()
    watcher.signal('SIGTERM')
    expect(await watcher.ended).toBe(0)
    expect(performance.now() - signalledAt).toBeLessThan(1000)
    await expect(readToEnd(reader)).rejects.toThrow()
    await expect.poll(() => connectionsOf('watched')).toBe(0)
  }, 40_000)

  /** Uploads a report and starts its processing; returns the job. */
  async function processReport(): Promise<string> {
    const file = makeLinesPdf([[`Report ${crypto.randomUUID()}`, 'The implant calls 185.220.101[.]45 every hour.']])
    const [create, complete] = await Promise.all([start('documents-create'), start('documents-complete-upload')])
    const body = { file_name: 'report.pdf', content_type: 'application/pdf', size_bytes: file.length }
    const { document, upload } = (await call(create.url, 'POST', '/v1/documents', { token, body })).body
    const put = await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: Buffer.from(file) })
    expect(put.status).toBe(200)
    const completed = await call(complete.url, 'POST', `/v1/documents/${document.id}/complete`, { token })
    expect(completed.status).toBe(202)
    return completed.body.job_id
  }

  /** The envelope that a function of the job shall get, as it lies in the outbox. */
  async function messageFor(name: string, jobId: string): Promise<string> {
    const [row] = await owner`
      select body from outbox where target = ${name} and body -> 'payload' ->> 'job_id' = ${jobId}`
    return JSON.stringify(row!.body)
  }

  /** Calls a function as Cloud Tasks does; `signedFor` names the function in the token's audience. */
  async function push(url: string, name: string, message: string, signedFor = name) {
    const { status, body } = await call(url, 'POST', `/functions/${name}`, {
      token: await product.signPush(`${environment.FUNCTIONS_URL}/${signedFor}`),
      rawBody: message,
      headers: { 'x-cloudtasks-taskname': 'a-task', 'x-cloudtasks-taskretrycount': '0' },
    })
    return { status, outcome: body.outcome }
  }

  async function connectionsOf(applicationName: string): Promise<number> {
    const rows = await owner`select from pg_stat_activity where application_name = ${applicationName}`
    return rows.length
  }

  async function readToEnd(reader: { read(): Promise<{ done: boolean }> }): Promise<void> {
    while (!(await reader.read()).done);
  }
})

describe('every function of the build', () => {
  it('starts on its own: a route says its methods, a job refuses a push that is not signed', async () => {
    const waiting = product.functions.values()
    const work = async () => {
      for (const { name, declaration } of waiting) {
        const started = await start(name)
        const [method, path] = declaration.kind === 'route' ? ['OPTIONS', declaration.path] : ['POST', '/']
        const { status, headers } = await call(started.url, method!, path!)
        const shown = [name, status, declaration.kind === 'route' && headers.get('allow')?.includes(declaration.method)]
        expect(shown).toEqual([name, declaration.kind === 'route' ? 204 : 401, declaration.kind === 'route'])
        started.signal('SIGTERM')
        expect([name, await started.ended]).toEqual([name, 0])
      }
    }
    await Promise.all([work(), work(), work()])
  }, 60_000)
})
