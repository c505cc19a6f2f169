import { describe, expect, it } from 'vitest'
import type { SecretStore } from './index.ts'

/** A store that holds `names`, and a way to put a new value behind one of them. */
export interface SecretStoreUnderTest {
  store: SecretStore
  replace(name: string, value: string): Promise<void>
}

/**
 * What every driver of `SecretStore` guarantees.
 *
 * @param create - a fresh store holding exactly these secrets.
 */
export function describeSecretStore(
  driver: string,
  create: (secrets: Record<string, string>) => Promise<SecretStoreUnderTest>,
): void {
  describe(`${driver} as a secret store`, () => {
    it('returns the value exactly, spaces and line breaks included', async () => {
      const value = '  -----BEGIN KEY-----\nabc=\n-----END KEY-----\n'
      const { store } = await create({ 'signing-key': value })
      expect(await store.read('signing-key')).toBe(value)
    })

    it('throws NOT_FOUND for a secret that is not there', async () => {
      const { store } = await create({ present: 'x' })
      await expect(store.read('absent')).rejects.toMatchObject({ name: 'PlatformError', code: 'NOT_FOUND' })
    })

    it('never finds what JavaScript objects have by themselves', async () => {
      const { store } = await create({ present: 'x' })
      for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
        await expect(store.read(name)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      }
    })

    it('refuses a name that could reach anything but a secret', async () => {
      const { store } = await create({ present: 'x' })
      for (const name of [
        '',
        '../present',
        'a/b',
        'a b',
        'present\n',
        'prés',
        'projects/p/secrets/s',
        'x'.repeat(256),
      ]) {
        await expect(store.read(name)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      }
    })

    it('sees a replaced value at the next read', async () => {
      const { store, replace } = await create({ 'webhook-secret': 'first' })
      expect(await store.read('webhook-secret')).toBe('first')
      await replace('webhook-secret', 'second')
      expect(await store.read('webhook-secret')).toBe('second')
    })

    it('keeps every value out of its error messages', async () => {
      const { store } = await create({ present: 'hunter2-do-not-print' })
      for (const name of ['absent', 'present/']) {
        const error: unknown = await store.read(name).catch((reason: unknown) => reason)
        expect(String(error)).not.toContain('hunter2')
      }
    })
  })
}
