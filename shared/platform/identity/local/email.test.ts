import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalEmail } from './email.ts'

describe('the canonical form of an e-mail address', () => {
  it.each([
    [' Ada.Lovelace@Example.ORG\n', 'ada.lovelace@example.org'],
    ['ada+tag@example.org', 'ada+tag@example.org'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['zoe\u0308@example.org', 'zo\u00eb@example.org'],
    ["o'neill@sub.example.co.uk", "o'neill@sub.example.co.uk"],
    ['demo@raptorflow.local', 'demo@raptorflow.local'],
  ])('of %j is %j', (text, canonical) => {
    expect(canonicalEmail(text)).toBe(canonical)
  })

  it.each([
    '',
    '@',
    'a@',
    '@b.org',
    'a',
    'a@b',
    'a@b.',
    'a@.org',
    'a@b..org',
    'a@-b.org',
    'a@b.1',
    'a.@b.org',
    '"a"@b.org',
    'a@[127.0.0.1]',
    'a\u0000@b.org',
    'a\u200b@b.org',
    'a\n@b.org',
    'a@b.org, c@d.org',
  ])('of %j does not exist', (text) => {
    expect(canonicalEmail(text)).toBeNull()
  })

  it('is its own canonical form', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.emailAddress(),
          fc.string({ unit: 'binary' }),
          fc.string().map((text) => `${text}@example.org`),
        ),
        (text) => {
          const canonical = canonicalEmail(text)
          if (canonical !== null) expect(canonicalEmail(canonical)).toBe(canonical)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('is found in linear time', () => {
    const started = performance.now()
    for (const part of ['a', '@', '.', '-', 'a-', 'a.', '\u00e4', ' ']) {
      expect(canonicalEmail(part.repeat(30_000))).toBeNull()
      expect(canonicalEmail(`a@${part.repeat(30_000)}.org`)).toBeNull()
    }
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})
