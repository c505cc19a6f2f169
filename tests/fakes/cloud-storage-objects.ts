import { createHash } from 'node:crypto'

/** One object as Cloud Storage keeps it. */
export interface FakeObject {
  bytes: Buffer
  contentType: string
  contentEncoding: string | null
  generation: string
  crc32c: string
  md5: string
}

export class PreconditionError extends Error {
  override readonly name = 'PreconditionError'
}

/** The objects of some buckets, in memory. Each change is made at once, so no one sees half of it. */
export class FakeBuckets {
  readonly #buckets: Map<string, Map<string, FakeObject>>
  #lastGeneration = Date.now() * 1000

  constructor(names: readonly string[]) {
    this.#buckets = new Map(names.map((name) => [name, new Map()]))
  }

  has(bucket: string): boolean {
    return this.#buckets.has(bucket)
  }

  find(bucket: string, key: string): FakeObject | null {
    return this.#buckets.get(bucket)?.get(key) ?? null
  }

  /** @throws PreconditionError when the object there has another generation than asked for; `0` asks for none. */
  put(
    bucket: string,
    key: string,
    object: Pick<FakeObject, 'bytes' | 'contentType' | 'contentEncoding'>,
    ifGenerationMatch: string | null = null,
  ): FakeObject {
    this.#check(bucket, key, ifGenerationMatch)
    const { bytes } = object
    const generation = String(++this.#lastGeneration)
    const md5 = createHash('md5').update(bytes).digest('base64')
    const stored = { ...object, generation, crc32c: crc32cOf(bytes), md5 }
    this.#buckets.get(bucket)!.set(key, stored)
    return stored
  }

  /** @returns whether there was one. */
  remove(bucket: string, key: string, ifGenerationMatch: string | null = null): boolean {
    if (!this.find(bucket, key)) return false
    this.#check(bucket, key, ifGenerationMatch)
    return this.#buckets.get(bucket)!.delete(key)
  }

  /** Keys in the order of their UTF-8 bytes, as lists are. */
  keys(bucket: string, prefix = ''): string[] {
    const keys = [...(this.#buckets.get(bucket)?.keys() ?? [])].filter((key) => key.startsWith(prefix))
    return keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }

  #check(bucket: string, key: string, ifGenerationMatch: string | null): void {
    if (ifGenerationMatch === null) return
    const generation = this.find(bucket, key)?.generation ?? '0'
    if (generation !== ifGenerationMatch) throw new PreconditionError(generation)
  }
}

/** CRC32C (Castagnoli, RFC 3720 section 12.1), big-endian, in base64: how Cloud Storage writes it. */
export function crc32cOf(bytes: Buffer): string {
  let crc = 0xffffffff
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8)
  const result = Buffer.alloc(4)
  result.writeUInt32BE((crc ^ 0xffffffff) >>> 0)
  return result.toString('base64')
}

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value
})
