import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redact, redactText } from './redact.ts'

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const opaque = (length: number) =>
  fc.string({ unit: fc.constantFrom(...base64url), minLength: length, maxLength: length + 20 })

/** Secrets that are known by their looks, with the part of them that must never be seen. */
const recognisable: fc.Arbitrary<{ text: string; core: string }> = fc.oneof(
  fc.tuple(opaque(20), opaque(20), opaque(20)).map(([a, b, c]) => ({ text: `eyJ${a}.eyJ${b}.${c}`, core: c })),
  opaque(30).map((core) => ({ text: `rfa_${core}`, core })),
  opaque(43).map((core) => ({ text: `https://adapt.example/v1/lists/rfb_${core}?format=plain`, core })),
  opaque(43).map((core) => ({ text: `https://adapt.example/v1/lists/${core}`, core })),
  opaque(40).map((core) => ({ text: `Basic ${core}A1`, core })),
  opaque(40).map((core) => ({ text: `authorization: Bearer ${core}A1`, core })),
  opaque(12).map((core) => ({ text: `postgres://adapt_app:${core}@db.example/adapt`, core })),
  opaque(64).map((core) => ({ text: `-----BEGIN PRIVATE KEY-----\n${core}\n-----END PRIVATE KEY-----`, core })),
  opaque(12).map((core) => ({ text: JSON.stringify({ user: 'a', password: core }), core })),
  opaque(12).map((core) => ({ text: JSON.stringify({ body: JSON.stringify({ client_secret: core }) }), core })),
  opaque(12).map((core) => ({ text: `grant_type=password&password=${core}&x=1`, core })),
  opaque(20).map((core) => ({ text: `https://storage.example/o?X-Goog-Signature=${core}&a=b`, core })),
)

const secretNames = fc.constantFrom(
  'password',
  'Authorization',
  'set-cookie',
  'api_key',
  'apiKey',
  'client_secret',
  'refresh_token',
  'accessToken',
  'privateKey',
  'X-API-Key',
  'DATABASE_URL',
  'SIGNING_SECRET',
  'totp',
  'passphrase',
  'credentials',
  'jwt',
)
const harmless = fc.oneof(fc.constantFrom('reading', 'the feed', 'at 10:00'), fc.string({ maxLength: 20 }))

/** Something that holds a secret somewhere, and the part of it that must never be seen. */
const planted = fc.oneof(
  fc
    .tuple(harmless, recognisable, harmless)
    .map(([before, { text, core }, after]): [unknown, string] => [`${before} ${text} ${after}`, core]),
  fc.tuple(secretNames, opaque(12)).map(([name, core]): [unknown, string] => [{ [name]: core }, core]),
  fc.tuple(secretNames, opaque(12)).map(([name, core]): [unknown, string] => [{ [name]: { value: [core] } }, core]),
  opaque(20).map((core): [unknown, string] => [{ kty: 'EC', crv: 'P-256', d: core }, core]),
)

/** Ways in which one thing holds another. */
const wrappers: ((inner: unknown) => unknown)[] = [
  (inner) => ({ inner, other: 1 }),
  (inner) => [1, inner, null],
  (inner) => new Map([['key', inner]]),
  (inner) => new Set([inner]),
  (inner) => Object.assign(new Error('failed'), { cause: inner }),
  (inner) => new Error(typeof inner === 'string' ? inner : 'failed', { cause: inner }),
  (inner) => new AggregateError([inner], 'several'),
  (inner) => ({ toJSON: () => inner }),
  (inner) => Object.defineProperty({}, 'late', { enumerable: true, get: () => inner }),
  (inner) =>
    new (class Holder {
      held = inner
    })(),
  (inner) => ({ text: JSON.stringify({ inner: typeof inner === 'string' ? inner : '' }), inner }),
  (inner) => (typeof inner === 'string' ? { [inner]: true } : { inner }),
]

test('a secret does not come out, wherever and however deep it was planted', () => {
  const nested = fc.tuple(planted, fc.array(fc.constantFrom(...wrappers), { maxLength: 10 }))
  fc.assert(
    fc.property(nested, ([[secret, core], around]) => {
      const value = around.reduce((inner, wrap) => wrap(inner), secret)
      expect(JSON.stringify(redact(value))).not.toContain(core)
    }),
    { numRuns: 3_000 },
  )
})

test('a secret does not come out of a text that is too long to be shown whole, wherever it is cut', () => {
  fc.assert(
    fc.property(recognisable, fc.integer({ min: 15_000, max: 17_000 }), ({ text, core }, at) => {
      const shown = JSON.stringify(redact({ text: `${'x '.repeat(at / 2)}${text} ${'y'.repeat(5_000)}` }))
      for (let from = 0; from + 12 <= core.length; from++) expect(shown).not.toContain(core.slice(from, from + 12))
    }),
    { numRuns: 200 },
  )
})

describe('what is no secret', () => {
  test('stays as it is', () => {
    const fields = {
      function: 'projects-list',
      requestId: '019a0000-0000-7000-8000-000000000000',
      path: '/v1/lists/{token}',
      status: 200,
      ok: true,
      nothing: null,
      promptTokens: 120,
      hasPassword: true,
      list: ['a', { b: 1.5 }],
      url: 'https://adapt.example/v1/projects?page[size]=20',
    }
    expect(redact(fields)).toEqual(fields)
    for (const text of ['A bearer token is required', 'basic checks passed', 'TokenError: the token has expired']) {
      expect(redactText(text)).toBe(text)
    }
  })

  test('is told of: errors with their code and causes, dates, big numbers, bytes', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    expect(
      redact({ error: new Error('failed', { cause }), at: new Date(0), big: 12n, bytes: Buffer.from('abc') }),
    ).toEqual({
      error: {
        name: 'Error',
        stack: expect.stringContaining('failed'),
        cause: { name: 'Error', code: 'ECONNREFUSED', stack: expect.stringContaining('refused') },
      },
      at: '1970-01-01T00:00:00.000Z',
      big: '12',
      bytes: '[3 bytes]',
    })
  })
})

describe('anything can be logged', () => {
  test('cycles, getters and proxies that throw, functions, symbols', () => {
    const cyclic: Record<string, unknown> = { name: 'a' }
    cyclic.self = cyclic
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no')
        },
      },
    )
    const throwing = Object.defineProperty({ good: 1 }, 'bad', {
      enumerable: true,
      get() {
        throw new Error('no')
      },
    })
    expect(redact({ cyclic, hostile, throwing, run() {}, symbol: Symbol('s'), nan: Number.NaN })).toEqual({
      cyclic: { name: 'a', self: '[circular]' },
      hostile: '[unreadable]',
      throwing: { good: 1, bad: '[unreadable]' },
      run: '[function]',
      symbol: '[symbol]',
      nan: 'NaN',
    })
  })

  test('what is huge becomes a line of bounded size, soon', () => {
    const wide = Array.from({ length: 100_000 }, (_, index) => ({ index, text: 'x'.repeat(100) }))
    let deep: unknown = 'bottom'
    for (let depth = 0; depth < 10_000; depth++) deep = { deep }
    const repeats = ['password="', 'rfa_', 'eyJ', '://', 'basic ', '\\"secret\\":\\"'].map((part) =>
      part.repeat(20_000),
    )
    const startedAt = performance.now()
    const line = JSON.stringify(redact({ wide, deep, repeats, text: 'y'.repeat(5_000_000) }))
    expect(line.length).toBeLessThan(200_000)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })

  test('a text made to be slow is looked through as soon as any other', () => {
    const backslashes = '\\'.repeat(160_000)
    const startedAt = performance.now()
    for (const start of ['token=\\"', 'token=', 'cookie: \\"']) redactText(start + backslashes)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})
