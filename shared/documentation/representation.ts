import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { etagOf, matchesEtag } from '#shared/domain/etag.ts'

const encodings = ['br', 'gzip'] as const
type Encoding = (typeof encodings)[number]

/** A text that never changes in this process, sent packed to those who take it so. */
export class Representation {
  readonly mediaType: string
  readonly #bytes: Uint8Array
  readonly #etag: string
  readonly #packed = new Map<Encoding, Uint8Array>()

  constructor(content: string | Uint8Array, mediaType: string) {
    this.#bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    this.mediaType = mediaType
    this.#etag = etagOf(this.#bytes)
  }

  /** The answer to a request with these headers: the text, or 304 to who has it already. */
  answer(headers: Readonly<Record<string, string | undefined>>, cacheControl: string) {
    const encoding = encodingFor(headers['accept-encoding'])
    const common = {
      // Weak: the same for all encodings (RFC 9110, section 8.8.1).
      etag: `W/${this.#etag}`,
      'cache-control': cacheControl,
      vary: 'Origin, Accept-Encoding',
    }
    if (matchesEtag(headers['if-none-match'], this.#etag)) return { status: 304, body: null, headers: common } as const
    return {
      status: 200,
      body: encoding ? this.#pack(encoding) : this.#bytes,
      headers: {
        ...common,
        'content-type': this.mediaType,
        ...(encoding ? { 'content-encoding': encoding } : {}),
      },
    } as const
  }

  #pack(encoding: Encoding): Uint8Array {
    const known = this.#packed.get(encoding)
    if (known) return known
    const packed =
      encoding === 'gzip'
        ? gzipSync(this.#bytes)
        : // A sixth of a second for 2 MB; the best quality takes seconds and saves a tenth more.
          brotliCompressSync(this.#bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } })
    this.#packed.set(encoding, packed)
    return packed
  }
}

/** The best encoding that an `Accept-Encoding` allows (RFC 9110, section 12.5.3); null for the text as it is. */
function encodingFor(accepted = ''): Encoding | null {
  const weights = new Map(
    accepted.split(',').map((part) => {
      const [name = '', ...parameters] = part.toLowerCase().split(';')
      const weight = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find(Boolean)
      return [name.trim(), Number(weight ?? 1)]
    }),
  )
  return encodings.find((encoding) => (weights.get(encoding) ?? weights.get('*') ?? 0) > 0) ?? null
}
