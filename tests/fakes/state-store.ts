import { PlatformError } from '#shared/platform/errors.ts'
import type { StateStore } from '#shared/platform/state/index.ts'

interface Entry {
  text: string
  version: string
  expiresAt: number
}

/** A state store in memory that answers at once, so that tests decide when anything happens. */
export class MemoryState implements StateStore {
  readonly #now: () => Date
  readonly #entries = new Map<string, Entry>()
  #versions = 0

  constructor(now: () => Date) {
    this.#now = now
  }

  async read(key: string) {
    const entry = this.#live(key)
    return entry ? { value: JSON.parse(entry.text) as unknown, version: entry.version } : null
  }

  async write(key: string, value: unknown, options: { ttlSeconds: number; ifVersion?: string | null }) {
    const { ttlSeconds, ifVersion } = options
    const known = this.#live(key)
    if (ifVersion !== undefined && (known?.version ?? null) !== ifVersion) return false
    this.#put(key, value, this.#expiry(ttlSeconds))
    return true
  }

  async add(key: string, amount: number, { ttlSeconds }: { ttlSeconds: number }) {
    assert(Number.isSafeInteger(amount), 'a counter counts whole numbers')
    const expiresAt = this.#expiry(ttlSeconds)
    const entry = this.#live(key)
    const value: unknown = entry ? JSON.parse(entry.text) : 0
    assert(typeof value === 'number', 'no counter')
    this.#put(key, value + amount, entry?.expiresAt ?? expiresAt)
    return value + amount
  }

  async remove(key: string) {
    this.#live(key)
    this.#entries.delete(key)
  }

  #live(key: string): Entry | undefined {
    assert(key !== '' && Buffer.byteLength(key) <= 1_500 && !key.includes('\0'), 'not a key')
    const entry = this.#entries.get(key)
    return entry && entry.expiresAt > this.#now().getTime() ? entry : undefined
  }

  #put(key: string, value: unknown, expiresAt: number): void {
    const text = JSON.stringify(value) as string | undefined
    assert(text !== undefined && Buffer.byteLength(text) <= 1_000_000, 'not a value')
    this.#entries.set(key, { text, version: String(++this.#versions), expiresAt })
  }

  #expiry(ttlSeconds: number): number {
    assert(ttlSeconds > 0 && ttlSeconds < Number.POSITIVE_INFINITY, 'not a time to live')
    return this.#now().getTime() + ttlSeconds * 1000
  }
}

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new PlatformError('INVALID_ARGUMENT', message)
}
