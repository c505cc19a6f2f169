import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSealer } from './seal.ts'

const secret = 'a secret of at least 32 characters'
const sealer = createSealer(secret, 'tests')
const now = new Date('2026-01-01T00:00:00Z')
const later = new Date(now.getTime() + 1_000)

const textOf = (opened: Uint8Array | null) => opened && Buffer.from(opened).toString()

describe('a seal', () => {
  it('gives back exactly what was sealed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (content) => {
        expect(sealer.open(sealer.seal(content, later), now)).toEqual(Buffer.from(content))
      }),
    )
    expect(textOf(sealer.open(sealer.seal('käse \u0000 ✓', later), now))).toBe('käse \u0000 ✓')
  })

  it('is other text each time, shows nothing of the content, and fits into a URL', () => {
    const seals = Array.from({ length: 50 }, () => sealer.seal('the code verifier', later))
    expect(new Set(seals).size).toBe(50)
    for (const seal of seals) {
      expect(seal).toMatch(/^[\w-]+$/)
      expect(Buffer.from(seal, 'base64url').toString('latin1')).not.toContain('verifier')
    }
  })

  it('opens until it expires, and from that moment on no more', () => {
    const seal = sealer.seal('x', later)
    expect(textOf(sealer.open(seal, new Date(later.getTime() - 1)))).toBe('x')
    expect(sealer.open(seal, later)).toBeNull()
  })

  it('with any one bit changed, its expiry among them, does not open', () => {
    const bytes = Buffer.from(sealer.seal('content', later), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(sealer.open(changed.toString('base64url'), now)).toBeNull()
    }
  })

  it('cut short, grown, respelt or of no shape at all does not open', () => {
    const seal = sealer.seal('content', later)
    for (let length = 0; length < seal.length; length++) expect(sealer.open(seal.slice(0, length), now)).toBeNull()
    for (const wrong of [`${seal}A`, `${seal}AAAA`, `${seal}=`, ` ${seal}`, `${seal}\n`, 'x', '✓', '.'.repeat(99)]) {
      expect(sealer.open(wrong, now)).toBeNull()
    }
  })

  it('of another purpose or another secret does not open', () => {
    const seal = sealer.seal('content', later)
    expect(createSealer(secret, 'other').open(seal, now)).toBeNull()
    expect(createSealer(`${secret}!`, 'tests').open(seal, now)).toBeNull()
    expect(textOf(createSealer(secret, 'tests').open(seal, now))).toBe('content')
  })
})
