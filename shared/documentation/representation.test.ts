import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Representation } from './representation.ts'

const text = 'a text '.repeat(1_000)
const one = new Representation(text, 'text/plain')

test('each client gets the encoding that it takes', () => {
  const cases: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ['identity', undefined],
    ['gzip, deflate, br;q=0.9', 'br'],
    ['GZIP;q=0.5', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['*', 'br'],
    ['*;q=0', undefined],
    ['nonsense;;q=', undefined],
  ]
  for (const [accepted, encoding] of cases) {
    const { status, body, headers } = one.answer({ 'accept-encoding': accepted }, 'no-cache')
    expect([accepted, status, (headers as { 'content-encoding'?: string })['content-encoding']]).toEqual([
      accepted,
      200,
      encoding,
    ])
    const bytes = Buffer.from(body!)
    const unpacked = encoding === 'br' ? brotliDecompressSync(bytes) : encoding === 'gzip' ? gunzipSync(bytes) : bytes
    expect(unpacked.toString()).toBe(text)
  }
})

test('who has it already gets 304, whatever the encoding was', () => {
  const { etag } = one.answer({ 'accept-encoding': 'br' }, 'no-cache').headers
  for (const condition of [etag, '*', `"other", ${etag}`]) {
    expect(one.answer({ 'if-none-match': condition }, 'no-cache')).toMatchObject({ status: 304, body: null })
  }
  expect(one.answer({ 'if-none-match': '"other"' }, 'no-cache').status).toBe(200)
  expect(new Representation('another', 'text/plain').answer({}, '').headers.etag).not.toBe(etag)
})
