import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { StateStore } from './index.ts'

export interface StateStoreUnderTest {
  store: StateStore
  /** Turns the store's clock forward. */
  passSeconds(seconds: number): void
}

/**
 * What every driver of `StateStore` guarantees.
 *
 * @param subject - called in each test, after the suite's own set-up.
 */
export function describeStateStore(driver: string, subject: () => StateStoreUnderTest): void {
  const newKey = () => `test:${randomUUID()}`
  const minute = { ttlSeconds: 60 }

  describe(`${driver} as a state store`, () => {
    it('gives back any JSON value as it was written', async () => {
      const { store } = subject()
      const values = [
        null,
        0,
        -1.5,
        '',
        'text',
        true,
        [],
        [1, [2]],
        {},
        { a: { b: [null, 'NUL \u0000', 'line\nend', '🚀'] } },
      ]
      for (const value of values) {
        const key = newKey()
        expect(await store.write(key, value, minute)).toBe(true)
        expect((await store.read(key))?.value).toEqual(value)
      }
    })

    it('knows nothing of a key that was never written or was removed', async () => {
      const { store } = subject()
      const key = newKey()
      expect(await store.read(key)).toBeNull()
      await store.remove(key)
      await store.write(key, 1, minute)
      await store.remove(key)
      expect(await store.read(key)).toBeNull()
    })

    it('tells keys apart that differ in a single character, whatever characters they have', async () => {
      const { store } = subject()
      const base = newKey()
      const keys = ['', 'a', 'A', '/', '..', '%', '_', "'", '"', '\\', ' ', 'é', 'e\u0301', '🚀'].map(
        (end) => base + end,
      )
      for (const key of keys) await store.write(key, key, minute)
      for (const key of keys) expect((await store.read(key))?.value).toBe(key)
    })

    it('writes with a version only while that is the version', async () => {
      const { store } = subject()
      const key = newKey()
      await store.write(key, 'first', minute)
      const { version } = (await store.read(key))!
      expect(await store.write(key, 'second', { ...minute, ifVersion: version })).toBe(true)
      expect(await store.write(key, 'third', { ...minute, ifVersion: version })).toBe(false)
      expect(await store.write(key, 'fourth', { ...minute, ifVersion: 'no such version' })).toBe(false)
      expect((await store.read(key))?.value).toBe('second')
      expect(await store.write(newKey(), 'x', { ...minute, ifVersion: version })).toBe(false)
    })

    it('writes with version null only when there is nothing', async () => {
      const { store } = subject()
      const key = newKey()
      expect(await store.write(key, 'first', { ...minute, ifVersion: null })).toBe(true)
      expect(await store.write(key, 'second', { ...minute, ifVersion: null })).toBe(false)
      await store.remove(key)
      expect(await store.write(key, 'third', { ...minute, ifVersion: null })).toBe(true)
    })

    it('never takes a value for the one before it, even when it is the same or was removed in between', async () => {
      const { store } = subject()
      const key = newKey()
      await store.write(key, 'same', minute)
      const { version } = (await store.read(key))!
      await store.remove(key)
      await store.write(key, 'same', minute)
      expect(await store.write(key, 'other', { ...minute, ifVersion: version })).toBe(false)
    })

    it('lets exactly one of 50 conditional writes at the same moment win', async () => {
      const { store } = subject()
      for (const start of ['absent', 'present']) {
        const key = newKey()
        if (start === 'present') await store.write(key, 'before', minute)
        const ifVersion = (await store.read(key))?.version ?? null
        const writers = Array.from({ length: 50 }, (_, writer) => store.write(key, writer, { ...minute, ifVersion }))
        const winners = (await Promise.all(writers)).flatMap((won, writer) => (won ? [writer] : []))
        expect(winners).toHaveLength(1)
        expect((await store.read(key))?.value).toBe(winners[0])
      }
    })

    it('loses none of 50 additions at the same moment, and tells each the sum after it', async () => {
      const { store } = subject()
      const key = newKey()
      const sums = await Promise.all(Array.from({ length: 50 }, (_, index) => store.add(key, index + 1, minute)))
      expect((await store.read(key))?.value).toBe(1275)
      expect(new Set(sums).size).toBe(50)
      expect(Math.max(...sums)).toBe(1275)
      expect(await store.add(key, -1275, minute)).toBe(0)
    })

    it('gives a counter a new version with each addition', async () => {
      const { store } = subject()
      const key = newKey()
      await store.add(key, 1, minute)
      const { version } = (await store.read(key))!
      await store.add(key, 1, minute)
      expect(await store.write(key, 0, { ...minute, ifVersion: version })).toBe(false)
    })

    it('forgets a value when its time is over: for reading, for writing, and for its version', async () => {
      const { store, passSeconds } = subject()
      const key = newKey()
      await store.write(key, 'old', { ttlSeconds: 10 })
      const { version } = (await store.read(key))!
      passSeconds(9)
      expect((await store.read(key))?.value).toBe('old')
      passSeconds(1)
      expect(await store.read(key)).toBeNull()
      expect(await store.write(key, 'x', { ...minute, ifVersion: version })).toBe(false)
      expect(await store.write(key, 'new', { ...minute, ifVersion: null })).toBe(true)
      expect((await store.read(key))?.value).toBe('new')
    })

    it('starts a counter anew when its time is over; additions do not prolong it', async () => {
      const { store, passSeconds } = subject()
      const key = newKey()
      expect(await store.add(key, 5, { ttlSeconds: 10 })).toBe(5)
      passSeconds(6)
      expect(await store.add(key, 5, { ttlSeconds: 10 })).toBe(10)
      passSeconds(4)
      expect(await store.read(key)).toBeNull()
      expect(await store.add(key, 3, { ttlSeconds: 10 })).toBe(3)
      passSeconds(9)
      expect((await store.read(key))?.value).toBe(3)
    })

    it('prolongs a value that is written again', async () => {
      const { store, passSeconds } = subject()
      const key = newKey()
      await store.write(key, 1, { ttlSeconds: 10 })
      passSeconds(9)
      await store.write(key, 2, { ttlSeconds: 10 })
      passSeconds(9)
      expect((await store.read(key))?.value).toBe(2)
    })

    it('refuses what it could not keep: keys, values, amounts and times that are none', async () => {
      const { store } = subject()
      const invalid = { name: 'PlatformError', code: 'INVALID_ARGUMENT' }
      for (const key of ['', 'a\0b', 'x'.repeat(1_501)]) {
        await expect(store.read(key)).rejects.toMatchObject(invalid)
        await expect(store.write(key, 1, minute)).rejects.toMatchObject(invalid)
        await expect(store.add(key, 1, minute)).rejects.toMatchObject(invalid)
        await expect(store.remove(key)).rejects.toMatchObject(invalid)
      }
      for (const value of [undefined, () => 1, 'x'.repeat(1_000_000)]) {
        await expect(store.write(newKey(), value, minute)).rejects.toMatchObject(invalid)
      }
      for (const amount of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
        await expect(store.add(newKey(), amount, minute)).rejects.toMatchObject(invalid)
      }
      for (const ttlSeconds of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        await expect(store.write(newKey(), 1, { ttlSeconds })).rejects.toMatchObject(invalid)
        await expect(store.add(newKey(), 1, { ttlSeconds })).rejects.toMatchObject(invalid)
      }
    })

    it('refuses to add to what is no counter, and leaves it as it is', async () => {
      const { store } = subject()
      for (const value of ['5', [5], {}, null, true]) {
        const key = newKey()
        await store.write(key, value, minute)
        await expect(store.add(key, 1, minute)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
        expect((await store.read(key))?.value).toEqual(value)
      }
    })
  })
}
