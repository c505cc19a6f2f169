import { createHmac } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'
import { chunkOf, openRaw, requestHead } from '../setup/raw-request.ts'

const limit = 1_000_000
let product: TestProduct
let owner: postgres.Sql
let token: string

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
  token = await product.signUp()
  await call(product.url, 'POST', '/v1/organizations', { token, body: { name: newId() } })
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

/** Sends bytes as a new project. */
async function post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const response = await fetch(`${product.url}/v1/projects`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body,
  })
  const answer = (await response.json()) as { error?: { code: string }; name?: string; description?: string }
  return { status: response.status, code: answer.error?.code ?? null, answer }
}

/** Valid JSON of exactly so many bytes. */
function padded(name: string, bytes: number): string {
  const text = JSON.stringify({ name })
  return text + ' '.repeat(bytes - Buffer.byteLength(text))
}

async function exists(name: string): Promise<boolean> {
  return (await owner`select 1 from projects where name = ${name}`).length === 1
}

const head = (headers: Record<string, string>) =>
  requestHead('POST', '/v1/projects', {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    ...headers,
  })
const statusesOf = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
/** Ends the connection after the answer, so that the test sees all of it. */
const closing = { connection: 'close' }

describe('a body of the largest size', () => {
  test('is taken, and with one byte more refused: announced by its length', async () => {
    const [fits, tooLarge] = [newId(), newId()]
    expect((await post(padded(fits, limit))).status).toBe(201)
    expect(await post(padded(tooLarge, limit + 1))).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' })
    expect([await exists(fits), await exists(tooLarge)]).toEqual([true, false])
  })

  test('is taken, and with one byte more refused: in chunks of unknown sum', async () => {
    for (const [extra, status] of [
      [0, 201],
      [1, 413],
    ] as const) {
      const name = newId()
      const raw = openRaw(product.url)
      raw.write(head({ ...closing, 'transfer-encoding': 'chunked' }))
      const text = padded(name, limit + extra)
      for (let at = 0; at < text.length; at += 100_000) raw.write(chunkOf(text.slice(at, at + 100_000)))
      raw.write('0\r\n\r\n')
      const answer = await raw.answer
      expect(statusesOf(answer)).toEqual([status])
      if (status === 413) expect(answer).toContain('PAYLOAD_TOO_LARGE')
      expect(await exists(name)).toBe(status === 201)
    }
  })

  test('is refused at once when only announced, and as soon as it is passed when it never ends', async () => {
    const announced = openRaw(product.url, (text) => text.includes('PAYLOAD_TOO_LARGE'))
    announced.write(head({ 'content-length': '2000000000' }))
    expect(statusesOf(await announced.answer)).toEqual([413])
    const endless = openRaw(product.url, (text) => text.includes('PAYLOAD_TOO_LARGE'))
    endless.write(head({ 'transfer-encoding': 'chunked' }))
    for (let at = 0; at < 11; at++) endless.write(chunkOf(' '.repeat(100_000)))
    expect(statusesOf(await endless.answer)).toEqual([413])
  })

  test('is swallowed when it was refused, for those who send all before they read, and the connection goes on', async () => {
    const raw = openRaw(product.url, (text) => statusesOf(text).length === 2)
    raw.write(head({ 'transfer-encoding': 'chunked' }))
    for (let at = 0; at < 100; at++) raw.write(chunkOf(' '.repeat(100_000)))
    raw.write(`0\r\n\r\n${requestHead('GET', '/ready', {})}`)
    expect(statusesOf(await raw.answer)).toEqual([413, 200])
  })
})

describe('a length that is a lie', () => {
  test('too short: what is left over is not taken for a part of the request', async () => {
    const name = newId()
    const raw = openRaw(product.url)
    const text = JSON.stringify({ name })
    raw.write(head({ 'content-length': String(text.length - 5) }) + text)
    // The rest is no request of its own; whether the first is still answered depends on which comes first.
    expect(statusesOf(await raw.answer).at(-1)).toBe(400)
    expect(await exists(name)).toBe(false)
  })

  test('too long: a client that goes away half-way has done nothing, and is not logged as served', async () => {
    const name = newId()
    const raw = openRaw(product.url)
    const text = JSON.stringify({ name })
    raw.write(head({ 'content-length': String(text.length + 5), 'x-request-id': name }) + text)
    setTimeout(raw.kill, 100)
    await raw.answer
    await vi.waitFor(async () => {
      await product.services.usage.flush()
      const logged = await owner`select status from api_usage_logs where request_id = ${name}`
      expect(logged).toEqual([{ status: 499 }])
    })
    expect(await exists(name)).toBe(false)
  })

  test('beside chunks, twice, or no number: refused, so that no proxy can read another request than we do', async () => {
    const text = JSON.stringify({ name: newId() })
    const heads = [
      head({ 'content-length': '5', 'transfer-encoding': 'chunked' }) + chunkOf(text),
      head({ 'content-length': `${text.length}\r\ncontent-length: ${text.length + 1}` }) + text,
      head({ 'content-length': '-1' }) + text,
      head({ 'content-length': '1e3' }) + text,
      head({ 'transfer-encoding': 'chunked, identity' }) + chunkOf(text),
    ]
    for (const bytes of heads) {
      const raw = openRaw(product.url)
      raw.write(bytes)
      expect(statusesOf(await raw.answer), bytes.slice(0, 200)).toEqual([400])
    }
  })
})

describe('a media type', () => {
  test('is JSON in UTF-8, however it is written', async () => {
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'Application/JSON;charset="UTF-8"',
      'application/json ; charset=utf8',
      'application/json; profile=x',
    ]) {
      expect((await post(JSON.stringify({ name: newId() }), { 'content-type': type })).status, type).toBe(201)
    }
  })

  test('that is another, or has another character set or coding, is refused', async () => {
    const body = JSON.stringify({ name: newId() })
    const others: Record<string, string>[] = [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/jsonp' },
      { 'content-type': 'text/html, application/json' },
      { 'content-type': '' },
      { 'content-type': 'application/json; charset=iso-8859-1' },
      { 'content-type': 'application/json; charset=utf-16' },
      { 'content-encoding': 'gzip' },
      { 'content-encoding': 'identity, br' },
    ]
    for (const headers of others) {
      const sent = headers['content-encoding'] === 'gzip' ? new Uint8Array(gzipSync(body)) : body
      const refused = { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' }
      expect(await post(sent, headers), JSON.stringify(headers)).toMatchObject(refused)
    }
    expect((await post(body, { 'content-encoding': 'identity' })).status).toBe(201)
  })
})

describe('JSON', () => {
  test('that names a key twice means the last', async () => {
    const name = newId()
    const { status, answer } = await post(`{"name": "first", "name": "${name}"}`)
    expect([status, answer.name]).toEqual([201, name])
  })

  test('with keys that mean something to JavaScript changes nothing but what they say', async () => {
    for (const key of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      const { status } = await post(`{"name": "${newId()}", "${key}": {"description": "polluted"}}`)
      expect([201, 422], key).toContain(status)
    }
    expect(({} as { description?: string }).description).toBeUndefined()
    const { answer } = await post(JSON.stringify({ name: newId() }))
    expect(answer.description).toBe('')
  })

  test('nested as deep as the limit allows is refused like any other value that is wrong', async () => {
    const depth = 490_000
    const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`
    for (const body of [`{"name": ${deep}}`, `{"name": "x", "surprise": ${deep}}`, deep, '['.repeat(depth)]) {
      expect(await post(body)).toMatchObject({ status: 422, code: 'VALIDATION_ERROR' })
    }
    const objects = `{"name": ${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`
    expect(await post(objects)).toMatchObject({ status: 422, code: 'VALIDATION_ERROR' })
  })

  test('that is not UTF-8, is nothing, or is nearly JSON is refused', async () => {
    const latin = new Uint8Array([...Buffer.from('{"name": "caf'), 0xe9, ...Buffer.from('"}')])
    const surrogate = new Uint8Array([...Buffer.from('{"name": "'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')])
    const wide = new Uint8Array(Buffer.from('{"name": "x"}', 'utf16le'))
    const texts = ['', ' ', 'nul', '{"name": "x",}', "{'name': 'x'}", '{"name": NaN}', '{"name": "x"} {}', '// c\n{}']
    for (const body of [latin, surrogate, wide, ...texts]) {
      expect(await post(body), String(body)).toMatchObject({ status: 422, code: 'VALIDATION_ERROR' })
    }
  })

  test('keeps every character of a text', async () => {
    const name = `Grüße 🚀 ${newId()} "\\/`
    expect((await post(JSON.stringify({ name }))).answer.name).toBe(name)
    expect((await post(`\ufeff${JSON.stringify({ name: newId() })}`)).status).toBe(201)
  })
})

test('a body where none is wanted is not read as anything', async () => {
  const { id } = (await post(JSON.stringify({ name: newId() }))).answer as { id?: string }
  for (const method of ['GET', 'DELETE']) {
    const raw = openRaw(product.url)
    const body = 'not json'
    const headers = { authorization: `Bearer ${token}`, 'content-length': String(body.length), ...closing }
    raw.write(requestHead(method, `/v1/projects/${id}`, headers) + body)
    expect(statusesOf(await raw.answer)).toEqual([method === 'GET' ? 200 : 204])
  }
})

describe('a body that is taken as bytes', () => {
  const sign = (bytes: Uint8Array) =>
    createHmac('sha256', product.services.config.RAZORPAY_WEBHOOK_SECRET ?? '')
      .update(bytes)
      .digest('hex')

  async function tell(body: Uint8Array<ArrayBuffer>, headers: Record<string, string>) {
    const response = await fetch(`${product.url}/v1/webhooks/razorpay`, {
      method: 'POST',
      headers: { 'x-razorpay-event-id': newId(), 'x-razorpay-signature': sign(body), ...headers },
      body,
    })
    const answer = (await response.json()) as { error?: { code: string }; status?: string }
    return { status: response.status, told: answer.error?.code ?? answer.status }
  }

  const event = new Uint8Array(
    Buffer.from('{"event": "payment.downtime.started",\n "created_at":1790000000, "x": "\\u00e9é"}'),
  )

  test('is what came, to the byte, of whatever media type it is said to be', async () => {
    for (const type of ['application/json', 'text/plain', 'application/octet-stream', 'nonsense']) {
      expect(await tell(event, { 'content-type': type }), type).toEqual({ status: 200, told: 'ignored' })
    }
    const bytes = new Uint8Array([0xff, 0x00, 0xfe])
    expect(await tell(bytes, {})).toEqual({ status: 200, told: 'unreadable' })
    expect(await tell(gzip(event), { 'content-encoding': 'gzip' })).toEqual({ status: 200, told: 'unreadable' })
    const signed = { 'x-razorpay-signature': sign(event) }
    expect(await tell(gzip(event), { ...signed, 'content-encoding': 'gzip' })).toMatchObject({ status: 401 })
    expect(await tell(new Uint8Array(), signed)).toMatchObject({ status: 401 })
  })

  test('has a largest size too', async () => {
    const largest = new Uint8Array(256_000).fill(32)
    largest.set(event)
    expect(await tell(largest, {})).toEqual({ status: 200, told: 'ignored' })
    expect(await tell(new Uint8Array(256_001), {})).toEqual({ status: 413, told: 'PAYLOAD_TOO_LARGE' })
  })
})

const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes))
