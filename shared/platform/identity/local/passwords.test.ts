import { performance } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import { createPasswords } from './passwords.ts'
import { cheapPasswordCost } from './testing.ts'

describe('a stored password', () => {
  it('is recognised, and no other is', async () => {
    const passwords = createPasswords(cheapPasswordCost)
    const stored = await passwords.hash('pass phrase ✓')
    expect(await passwords.verify('pass phrase ✓', stored)).toBe(true)
    for (const other of ['pass phrase', 'pass phrase ✓ ', 'Pass phrase ✓', '']) {
      expect(await passwords.verify(other, stored)).toBe(false)
    }
  })

  it('is the same however its characters were composed by the keyboard', async () => {
    const passwords = createPasswords(cheapPasswordCost)
    expect(await passwords.verify('cafe\u0301 noir', await passwords.hash('caf\u00e9 noir'))).toBe(true)
  })

  it('has a salt of its own and tells its work factors', async () => {
    const passwords = createPasswords(cheapPasswordCost)
    const [first, second] = [await passwords.hash('the same'), await passwords.hash('the same')]
    expect(first).toMatch(/^\$scrypt\$ln=4,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(first).not.toBe(second)
  })

  it('of other work factors is still recognised, and marked as outdated', async () => {
    const old = createPasswords(cheapPasswordCost)
    const today = createPasswords({ ...cheapPasswordCost, cost: 2 ** 5 })
    const stored = await old.hash('long ago set')
    expect(await today.verify('long ago set', stored)).toBe(true)
    expect(today.isOutdated(stored)).toBe(true)
    expect(today.isOutdated(await today.hash('long ago set'))).toBe(false)
  })

  it('that does not exist takes as long to refuse as one that does', async () => {
    const passwords = createPasswords({ cost: 2 ** 13, blockSize: 8, parallelization: 1 })
    const stored = await passwords.hash('the real one')
    const median = async (hash: string | null) => {
      const times: number[] = []
      for (let round = 0; round < 15; round++) {
        const started = performance.now()
        expect(await passwords.verify('a wrong one', hash)).toBe(false)
        times.push(performance.now() - started)
      }
      return times.sort((a, b) => a - b)[7]!
    }
    const [absent, present] = [await median(null), await median(stored)]
    expect(absent / present).toBeGreaterThan(0.5)
    expect(absent / present).toBeLessThan(2)
  })

  it('that is damaged is an error, not a wrong password', async () => {
    const passwords = createPasswords(cheapPasswordCost)
    for (const damaged of ['', 'plain', '$scrypt$ln=4,r=8,p=1$AAAA$', '$bcrypt$ln=4,r=8,p=1$AAAA$AAAA']) {
      await expect(passwords.verify('anything', damaged)).rejects.toThrow('damaged')
    }
  })
})
