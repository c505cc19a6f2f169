import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase32, encodeBase32, otpauthUri, stepAt, stepOfCode, totpCode } from './totp.ts'

/** The key of RFC 6238, appendix B. */
const secret = Buffer.from('12345678901234567890')

describe('a time-based code', () => {
  // Appendix B gives eight digits; six-digit codes are their last six (RFC 4226, section 5.3).
  it.each([
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ])('at second %i is %s, as RFC 6238 says', (seconds, code) => {
    const moment = new Date(seconds * 1000)
    expect(totpCode(secret, stepAt(moment))).toBe(code)
    expect(stepOfCode(secret, code, moment)).toBe(stepAt(moment))
  })

  it('is good one step before and after its own, and in no other', () => {
    const step = 41152263
    const code = totpCode(secret, step)
    const at = (seconds: number) => stepOfCode(secret, code, new Date((step * 30 + seconds) * 1000))
    expect([-31, -30, 0, 29, 59, 60].map(at)).toEqual([null, step, step, step, step, null])
  })

  it('is refused when it is not six digits', () => {
    const moment = new Date(1111111111 * 1000)
    for (const wrong of ['', '50471', '0050471', ' 050471', '050471\n', '٠٥٠٤٧١', '0x0504', '+50471', '5e4000']) {
      expect(stepOfCode(secret, wrong, moment)).toBeNull()
    }
  })
})

describe('base32', () => {
  it.each([
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ])('of %j is %s, as RFC 4648 says', (text, encoded) => {
    expect(encodeBase32(Buffer.from(text))).toBe(encoded)
    expect(decodeBase32(encoded).toString()).toBe(text)
  })

  it('gives back any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect([...decodeBase32(encodeBase32(bytes))]).toEqual([...bytes])
      }),
    )
  })

  it('of foreign letters is an error', () => {
    for (const wrong of ['M1', 'my', 'MY======', 'M Y']) expect(() => decodeBase32(wrong)).toThrow(RangeError)
  })
})

describe('the key URI', () => {
  it('escapes whatever the names hold', () => {
    const uri = otpauthUri({ issuer: 'A&B: 10%', account: 'ada+x@example.org', secret: 'MZXW6' })
    const url = new URL(uri)
    expect([url.protocol, url.host]).toEqual(['otpauth:', 'totp'])
    expect(decodeURIComponent(url.pathname.slice(1))).toBe('A&B: 10%:ada+x@example.org')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
      issuer: 'A&B: 10%',
      secret: 'MZXW6',
    })
  })
})
