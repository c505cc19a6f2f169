import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buckets, type SignOptions } from './index.ts'
import { makePermit, openSignedPath, toSignedPath } from './signed-url.ts'

const secret = 'a secret of enough characters for the tests'
const now = new Date(1_800_000_000_000)

const segment = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/).filter((text) => text !== '.' && text !== '..')
const key = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))
const seconds = fc.integer({ min: 1, max: 604_800 })
const downloadName = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((text) => !/[\p{Cc}/\\]/u.test(text) && text.isWellFormed())
const contentType = fc.constantFrom('application/pdf', 'text/plain; charset="a&b=c"', 'image/svg+xml')

const read: fc.Arbitrary<SignOptions> = fc.record(
  { method: fc.constant('GET' as const), expiresInSeconds: seconds, downloadName },
  { requiredKeys: ['method', 'expiresInSeconds'] },
)
const write: fc.Arbitrary<SignOptions> = fc.record(
  {
    method: fc.constant('PUT' as const),
    expiresInSeconds: seconds,
    contentType,
    maximumBytes: fc.integer({ min: 1, max: 2 ** 40 }),
  },
  { requiredKeys: ['method', 'expiresInSeconds'] },
)
const permits = fc
  .tuple(fc.constantFrom(...buckets), key, fc.oneof(read, write))
  .map(([bucket, name, options]) => makePermit(bucket, name, options, now))

describe('a signed path', () => {
  it('opens to exactly what was signed, until the second in which it expires', () => {
    fc.assert(
      fc.property(permits, (permit) => {
        const path = toSignedPath(permit, secret)
        expect(openSignedPath(path, secret, now)).toEqual(expect.objectContaining(permit))
        expect(openSignedPath(path, secret, new Date(permit.expires * 1000 - 1))).toEqual(
          expect.objectContaining(permit),
        )
        expect(openSignedPath(path, secret, new Date(permit.expires * 1000))).toBe('EXPIRED')
        expect(openSignedPath(path, `${secret}!`, now)).toBe('INVALID_SIGNATURE')
      }),
    )
  })

  it('with any character replaced, added or left out does not open', () => {
    fc.assert(
      fc.property(
        permits,
        fc.nat(),
        fc.stringMatching(/^[!-~]?$/),
        fc.boolean(),
        (permit, position, letter, replace) => {
          const path = toSignedPath(permit, secret)
          const at = position % path.length
          const changed = path.slice(0, at) + letter + path.slice(at + (replace ? 1 : 0))
          const opened = openSignedPath(changed, secret, now)
          // `+` and `%20` spell the same blank: what opens must be what was signed.
          if (typeof opened === 'object') expect(opened).toEqual(expect.objectContaining(permit))
          else expect(opened).toBe('INVALID_SIGNATURE')
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('made of anything is refused and never throws', () => {
    const parts = fc.array(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('/objects/', 'uploads/', '?', '&', '=', '%', '%zz', 'signature=', 'method=GET', 'expires=9'),
      ),
    )
    fc.assert(
      fc.property(parts, (texts) => {
        expect(openSignedPath(texts.join(''), secret, now)).toBe('INVALID_SIGNATURE')
      }),
      { numRuns: 1_000 },
    )
  })
})
