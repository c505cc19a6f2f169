import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { createDispatcher } from '#shared/runtime/function-handler.ts'
import { createLogger } from '#shared/runtime/log.ts'
import type { Services } from '#shared/runtime/services.ts'
import { call, startTestProduct, type TestProduct, testPassword, uploadDocument } from '../setup/product.ts'

interface Line {
  message: string
  'logging.googleapis.com/labels': Record<string, string>
  'logging.googleapis.com/trace'?: string
  outcome?: string
}

let product: TestProduct
let text = ''
const lines = () =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)

beforeAll(async () => {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  const log = createLogger({ level: 'debug', readable: false, project: 'adapt-test', stream })
  product = await startTestProduct(inject('clusterUrl'), {}, log)
})
afterAll(() => product.stop())

describe('the log', () => {
  test("carries a request's id and trace through every message that it caused, and no secret", async () => {
    const token = await product.signUp()
    const orgId = (await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Traced' } })).body.id
    const id = await uploadDocument(product.url, token, { fileName: 'a.txt', content: 'It calls 185.220.101[.]45.' })
    const requestId = newId()
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
    const headers = { 'x-request-id': requestId, traceparent: `00-${trace}-00f067aa0ba902b7-01` }
    await call(product.url, 'POST', `/v1/documents/${id}/complete`, { token, headers })

    const deliveries = () =>
      lines().filter((line) => line.message === 'delivery' && labelsOf(line).requestId === requestId)
    await expect
      .poll(() => deliveries().map((line) => labelsOf(line).function), { timeout: 10_000 })
      .toContain('notifications-document-finished')
    expect(deliveries().map((line) => labelsOf(line).function)).toEqual(
      expect.arrayContaining(['documents-validate', 'documents-scan', 'documents-extract-text', 'documents-index']),
    )
    const caused = lines().filter((line) => labelsOf(line).requestId === requestId)
    expect(new Set(caused.map((line) => line['logging.googleapis.com/trace']))).toEqual(
      new Set([`projects/adapt-test/traces/${trace}`]),
    )
    expect(caused.find((line) => line.message === 'request')).toMatchObject({
      httpRequest: { requestMethod: 'POST', requestUrl: '/v1/documents/{document_id}/complete', status: 202 },
      'logging.googleapis.com/labels': { orgId, function: 'documents-complete-upload' },
    })
    for (const secret of [token, testPassword, product.services.config.SIGNING_SECRET])
      expect(text).not.toContain(secret)
  })
})

function labelsOf(line: Line): Record<string, string> {
  return line['logging.googleapis.com/labels']
}

describe('/health', () => {
  /** The answer of the function over services some of which are others than the product's. */
  async function ask(name: string, changes: Partial<Services>) {
    const services = { ...product.services, ...changes }
    const { declaration } = product.functions.find((one) => one.name === name)!
    const handle = createDispatcher(services)(name, declaration, ['GET'])
    const server = createServer((request, response) => void handle(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      return await call(`http://127.0.0.1:${port}`, 'GET', name === 'operations-ready' ? '/ready' : '/health')
    } finally {
      server.close()
    }
  }
  const refuse = async () => {
    throw new Error('connect ECONNREFUSED 10.0.0.7:5432 as adapt_app')
  }

  test('names everything that the product depends on, and how long it took to answer', async () => {
    const { status, body, headers } = await call(product.url, 'GET', '/health')
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body.status).toBe('ok')
    expect(Object.keys(body.dependencies).sort()).toEqual(
      ['bus', 'config', 'database', 'identity_keys', 'models', 'objects', 'queue', 'scanner', 'state'].sort(),
    )
    for (const one of Object.values<any>(body.dependencies)) expect(one.latency_milliseconds).toBeLessThan(2_000)
    expect(headers.get('cache-control')).toBe('no-store')
  })

  test('is 503 with the same body without the database, and says nothing of what is behind it', async () => {
    const { status, body } = await ask('operations-health', {
      database: { ...product.services.database, transaction: refuse },
    })
    expect(status).toBe(503)
    expect(body.status).toBe('down')
    expect(body.dependencies.database.status).toBe('down')
    expect(body.dependencies.queue.status).toBe('ok')
    expect(JSON.stringify(body)).not.toMatch(/ECONN|10\.0|adapt_app/)
    expect(text).toContain('ECONNREFUSED')
  })

  test('answers within its time when the database never does, as /ready does', async () => {
    const hanging = { ...product.services.database, transaction: () => new Promise<never>(() => {}) }
    const startedAt = performance.now()
    const [health, ready] = await Promise.all([
      ask('operations-health', { database: hanging }),
      ask('operations-ready', { database: hanging }),
    ])
    expect(health).toMatchObject({ status: 503, body: { status: 'down' } })
    expect(ready).toMatchObject({ status: 503, body: { error: { code: 'UNAVAILABLE' } } })
    expect(performance.now() - startedAt).toBeLessThan(4_000)
  })

  test('is 200 and degraded without what is not vital', async () => {
    const state = { ...product.services.state!, read: refuse }
    const keys = async () => {
      throw Object.assign(new Error('no keys'), { code: 'KEYS_UNAVAILABLE' })
    }
    const { status, body } = await ask('operations-health', {
      state,
      queue: null,
      verifyAccessToken: keys,
      configProblem: () => 'SIGNING_SECRET: its secret could not be read',
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'degraded',
      dependencies: {
        database: { status: 'ok' },
        state: { status: 'down' },
        identity_keys: { status: 'down' },
        config: { status: 'down' },
      },
    })
    expect(body.dependencies).not.toHaveProperty('queue')
  })
})
