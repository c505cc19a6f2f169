import { randomUUID } from 'node:crypto'
import { type Answer, jsonAnswer, jsonError, resourceOf } from './cloud-storage-answers.ts'
import { crc32cOf, type FakeBuckets, PreconditionError } from './cloud-storage-objects.ts'

/** All chunks but the last are multiples of this, and no less is kept of one that broke off. */
const quantum = 256 * 1024

interface Session {
  bucket: string
  key: string
  contentType: string
  ifGenerationMatch: string | null
  bytes: Buffer
  state: 'open' | 'finished' | 'cancelled'
}

/** Resumable uploads of the JSON API (Cloud Storage, "Resumable uploads"). */
export class FakeUploads {
  readonly #sessions = new Map<string, Session>()
  readonly #buckets: FakeBuckets
  /** The `Content-Range` of every part or question so far. */
  readonly ranges: string[] = []

  constructor(buckets: FakeBuckets) {
    this.#buckets = buckets
  }

  /** How many sessions were neither finished nor cancelled. */
  get open(): number {
    return [...this.#sessions.values()].filter(({ state }) => state === 'open').length
  }

  begin(options: Pick<Session, 'bucket' | 'key' | 'contentType' | 'ifGenerationMatch'>, origin: string): Answer {
    const id = randomUUID()
    this.#sessions.set(id, { ...options, bytes: Buffer.alloc(0), state: 'open' })
    const location = `${origin}/upload/storage/v1/b/${options.bucket}/o?uploadType=resumable&upload_id=${id}`
    return { status: 200, headers: { location }, body: Buffer.alloc(0) }
  }

  cancel(id: string): Answer {
    const session = this.#sessions.get(id)
    if (session?.state !== 'open') return jsonError(404, 'notFound', 'No such upload.')
    session.state = 'cancelled'
    return jsonError(499, 'clientClosedRequest', 'The upload was cancelled.')
  }

  /**
   * Takes a chunk, or the question how far the upload is.
   *
   * @param isWhole - false: the connection broke off in the middle of the body.
   */
  receive(id: string, range: string, hash: string | null, body: Buffer, isWhole: boolean): Answer {
    this.ranges.push(range)
    const session = this.#sessions.get(id)
    if (!session) return jsonError(404, 'notFound', 'No such upload.')
    if (session.state === 'cancelled') return jsonError(410, 'gone', 'The upload was cancelled.')
    if (session.state === 'finished') return this.#finished(session)
    const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(range)
    if (!match) return jsonError(400, 'invalid', `Invalid Content-Range: ${range}`)
    const [, first, last, total] = match
    if (first !== undefined) {
      const refused = append(session, { first: Number(first), last: Number(last), total: total! }, body, isWhole)
      if (refused) return refused
    }
    // Complete only when the total is known: to `a-b/*` there is always more to come.
    if (isWhole && total !== '*' && session.bytes.length === Number(total)) return this.#finish(session, hash)
    const headers = session.bytes.length === 0 ? {} : { range: `bytes=0-${session.bytes.length - 1}` }
    return { status: 308, headers, body: Buffer.alloc(0) }
  }

  #finish(session: Session, hash: string | null): Answer {
    const { bucket, key, bytes, contentType, ifGenerationMatch } = session
    const expected = /crc32c=([^,]+)/.exec(hash ?? '')?.[1]
    const actual = crc32cOf(bytes)
    if (expected !== undefined && expected !== actual) {
      session.state = 'cancelled'
      const message = `Provided CRC32C "${expected}" doesn't match calculated CRC32C "${actual}".`
      return jsonError(400, 'invalid', message)
    }
    try {
      this.#buckets.put(bucket, key, { bytes, contentType, contentEncoding: null }, ifGenerationMatch)
    } catch (error) {
      if (!(error instanceof PreconditionError)) throw error
      return jsonError(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.')
    }
    session.state = 'finished'
    return this.#finished(session)
  }

  #finished({ bucket, key }: Session): Answer {
    const object = this.#buckets.find(bucket, key)
    if (!object) return jsonError(404, 'notFound', 'No such upload.')
    return jsonAnswer(200, resourceOf(bucket, key, object))
  }
}

function append(
  session: Session,
  range: { first: number; last: number; total: string },
  body: Buffer,
  isWhole: boolean,
): Answer | null {
  const { first, last, total } = range
  const kept = session.bytes.length
  const length = last - first + 1
  if (first > kept) return jsonError(400, 'invalid', 'The chunk begins behind what has arrived.')
  if (isWhole && body.length !== length) return jsonError(400, 'invalid', 'The body is not as long as its range.')
  const isLast = total !== '*' && last + 1 === Number(total)
  if (!isLast && length % quantum !== 0) return jsonError(400, 'invalid', 'A chunk is no multiple of 256 KiB.')
  const arrived = isWhole ? body : body.subarray(0, body.length - (body.length % quantum))
  if (first + arrived.length > kept) session.bytes = Buffer.concat([session.bytes, arrived.subarray(kept - first)])
  return null
}
