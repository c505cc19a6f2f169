import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { buildPushPlan } from '#shared/runtime/manifest.ts'
import { buildFunctions } from '../../scripts/build/build-functions.ts'
import { type FunctionProcess, startFunction } from '../../scripts/build/function-process.ts'
import type { FakeCloudStorage } from '../fakes/cloud-storage.ts'
import { startTestStorage, writeTestCredentials } from '../fakes/cloud-storage-testing.ts'
import { type CloudTasksFake, startCloudTasksFake } from '../fakes/cloud-tasks.ts'
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
let storage: FakeCloudStorage
let tasks: CloudTasksFake
let environment: Record<string, string>
let token: string
let orgId: string
let owner: postgres.Sql
const running = new Set<FunctionProcess>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adapt-bundles-'))
  ;[, product, storage] = await Promise.all([
    buildFunctions(folder),
    startTestProduct(inject('clusterUrl')),
    startTestStorage(),
  ])
  const queues = buildPushPlan(product.functions).queues
  tasks = await startCloudTasksFake({ queues, signToken: product.signPush })
  environment = settingsOf(product)
  Object.assign(environment, await googleSettings())
  token = await product.signUp()
  orgId = (await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Example' } })).body.id
  owner = postgres(product.database.ownerUrl, { max: 1 })
}, 600_000)
afterEach(async () => {
  for (const one of running) one.signal('SIGKILL')
  await Promise.all([...running].map((one) => one.ended))
  running.clear()
})
afterAll(async () => {
  await owner?.end()
  await tasks?.stop()
  await storage?.close()
  await product?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The product's settings as a deployment has them: in the environment, and nowhere else. */
function settingsOf({ services: { config } }: TestProduct): Record<string, string> {
  return {
    APP_ENV: 'test',
    PUBLIC_URL: config.PUBLIC_URL,
    // Nobody is there: tasks stay with the fake, and the test brings them to the functions.
    FUNCTIONS_URL: 'http://127.0.0.1:9/functions',
    DATABASE_URL: config.DATABASE_URL,
    SUPABASE_URL: config.SUPABASE_URL,
    SUPABASE_ANON_KEY: config.SUPABASE_ANON_KEY,
    PUSH_ISSUER: config.PUSH_ISSUER,
    PUSH_JWKS_URL: config.PUSH_JWKS_URL,
    PUSH_SERVICE_ACCOUNTS: config.PUSH_SERVICE_ACCOUNTS.join(),
    SIGNING_SECRET: config.SIGNING_SECRET,
    RATE_LIMIT_PRINCIPAL_PER_MINUTE: String(config.RATE_LIMIT_PRINCIPAL_PER_MINUTE),
    RATE_LIMIT_ADDRESS_PER_MINUTE: String(config.RATE_LIMIT_ADDRESS_PER_MINUTE),
    DEFAULT_PLAN: config.DEFAULT_PLAN,
  }
}

/** Fakes in the place of Google; of Pub/Sub and Firestore nothing is there. */
async function googleSettings(): Promise<Record<string, string>> {
  return {
    GOOGLE_CLOUD_PROJECT: 'test-project',
    GOOGLE_CLOUD_LOCATION: 'asia-south1',
    GOOGLE_APPLICATION_CREDENTIALS: await writeTestCredentials(folder),
    METADATA_SERVER_DETECTION: 'none',
    TASKS_SERVICE_ACCOUNT: environment.PUSH_SERVICE_ACCOUNTS!,
    CLOUD_TASKS_EMULATOR_HOST: tasks.host,
    STORAGE_EMULATOR_URL: storage.url,
    PUBSUB_EMULATOR_HOST: '127.0.0.1:9',
    FIRESTORE_EMULATOR_HOST: '127.0.0.1:9',
  }
}

async function start(name: string, settings: Record<string, string> = {}): Promise<FunctionProcess> {
  const started = await startFunction(join(folder, 'functions', name), name, { ...environment, ...settings })
  running.add(started)
  await started.listening()
  return started
}

/** Uploads a report and starts its processing, by these functions; returns the job. */
async function processReport(create: FunctionProcess, complete: FunctionProcess): Promise<string> {
  const file = makeLinesPdf([[`Report ${crypto.randomUUID()}`, 'The implant calls 185.220.101[.]45 every hour.']])
  const body = { file_name: 'report.pdf', content_type: 'application/pdf', size_bytes: file.length }
  const { document, upload } = (await call(create.url, 'POST', '/v1/documents', { token, body })).body
  const put = await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: Buffer.from(file) })
  expect(put.status).toBe(200)
  const completed = await call(complete.url, 'POST', `/v1/documents/${document.id}/complete`, { token })
  expect(completed.status).toBe(202)
  return completed.body.job_id
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

describe("Google's clients", () => {
  let noting: Record<string, string>
  beforeAll(async () => {
    const file = join(folder, 'note-loading.mjs')
    await writeFile(
      file,
      `import { registerHooks } from 'node:module'
       const client = /\\/((?:google-cloud|grpc)-[^/]*)\\.js$/
       registerHooks({
         load(url, context, next) {
           const name = client.exec(url)?.[1]
           if (name) process.stderr.write('loads ' + name + '\\n')
           return next(url, context)
         },
       })`,
    )
    noting = { NODE_OPTIONS: `--import=${file}` }
  })
  const loadedBy = ({ output }: FunctionProcess) =>
    [...output.matchAll(/^loads (.*)$/gm)].map((match) => match[1]).sort()

  it('are all left alone by a job that sends nothing and touches no objects', async () => {
    const prune = await start('operations-prune-inbox', noting)
    const answer = await call(prune.url, 'POST', '/functions/operations-prune-inbox', {
      token: await product.signPush(`${environment.FUNCTIONS_URL}/operations-prune-inbox`),
      headers: { 'x-cloudscheduler-scheduletime': '2026-11-21T10:00:00Z' },
    })
    expect([answer.status, loadedBy(prune)], prune.output).toEqual([200, []])
  })

  it('are all left alone by a route that reads and writes rows, but for the one that counts requests', async () => {
    const create = await start('projects-create', noting)
    const post = (name: string) => call(create.url, 'POST', '/v1/projects', { token, body: { name } })
    expect((await post('Quick')).status).toBe(201)
    await expect.poll(() => loadedBy(create), { timeout: 60_000 }).toEqual(['google-cloud-firestore'])
    expect((await post('Again')).status).toBe(201)
    expect(loadedBy(create)).toEqual(['google-cloud-firestore'])
  }, 200_000)

  it('of objects and queue are loaded by a route that needs them, and that of events is not', async () => {
    const [create, complete] = await Promise.all([
      start('documents-create', noting),
      start('documents-complete-upload', noting),
    ])
    await processReport(create, complete)
    expect(loadedBy(create)).toContain('google-cloud-storage')
    expect(loadedBy(create)).not.toContain('google-cloud-tasks')
    expect(loadedBy(complete)).toEqual(expect.arrayContaining(['google-cloud-storage', 'google-cloud-tasks']))
    expect(loadedBy(complete)).not.toContain('google-cloud-pubsub')
  }, 200_000)
})

describe('the pipeline of functions that each run on their own', () => {
  const steps = ['documents-validate', 'documents-scan', 'documents-extract-text', 'documents-extract-intelligence']

  it('reads an uploaded PDF, each step called by a signed push, its own push left in the queue', async () => {
    const [jobId, ...processes] = await Promise.all([newJob(), ...steps.map((name) => start(name))])
    for (const [index, name] of steps.entries()) {
      const { url } = processes[index]!
      const message = messageFor(name, jobId)
      expect(await push(url, name, message, 'documents-index')).toEqual({ status: 401, outcome: undefined })
      expect(await push(url, name, message), processes[index]!.output).toEqual({ status: 200, outcome: 'done' })
      expect(await push(url, name, message)).toEqual({ status: 200, outcome: 'duplicate' })
    }
    const found = await owner`select value from indicators where org_id = ${orgId}`
    expect(found.map((row) => row.value)).toContain('185.220.101.45')
  }, 400_000)

  it('is watched by server-sent events, until SIGTERM ends the function and its connections within a second', async () => {
    const watchedUrl = `${environment.DATABASE_URL}?application_name=watched`
    const [jobId, watcher] = await Promise.all([newJob(), start('jobs-stream-events', { DATABASE_URL: watchedUrl })])
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
  }, 400_000)

  async function newJob(): Promise<string> {
    const [create, complete] = await Promise.all([start('documents-create'), start('documents-complete-upload')])
    return processReport(create, complete)
  }

  /** The envelope that a function of the job shall get, as it lies in the queue. */
  function messageFor(name: string, jobId: string): string {
    const bodies = tasks.requests
      .filter(({ task }) => task?.httpRequest?.url === `${environment.FUNCTIONS_URL}/${name}`)
      .map(({ task }) => task!.httpRequest!.body.toString())
    return bodies.find((body) => JSON.parse(body).payload.job_id === jobId)!
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

/**
 * One function of each shape: they differ in what their entry wires up for them, which is by kind, access and resources.
 * All of them, in minutes more, with ADAPT_EVERY_FUNCTION=1.
 */
function samples(): TestProduct['functions'] {
  if (process.env.ADAPT_EVERY_FUNCTION) return product.functions
  const shapes = product.functions.map(({ name, declaration }): [string, string] => {
    const { resources = {}, kind } = declaration
    const { buckets = [], publishes = [], enqueues = [], sendsEverything } = resources
    const access = kind === 'route' ? declaration.access : null
    return [JSON.stringify([kind, access, buckets, publishes.length > 0, enqueues.length > 0, sendsEverything]), name]
  })
  const chosen = new Set(new Map(shapes).values())
  return product.functions.filter(({ name }) => chosen.has(name))
}

describe('a function of each shape', () => {
  it('starts on its own: a route says its methods, a job refuses a push that is not signed', async () => {
    const waiting = samples().values()
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
  }, 1_200_000)
})
