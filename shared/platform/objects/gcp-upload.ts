import { PlatformError } from '../errors.ts'
import { type CallLimits, pause, RefusedError, toPlatformError } from './gcp-calls.ts'

const uploading = 'writing an object'
const cancelSeconds = 5

export interface UploadTarget {
  /** Opens a resumable session and gives its address, which is all that is needed to write to it. */
  openSession(): Promise<string>
  /** A new CRC32C (Castagnoli) of no bytes. */
  checksum: { update(bytes: Buffer): void; toString(): string }
  /** Removes the object as it was written just now, when it turns out to be another one than was sent. */
  discard(generation: string): Promise<void>
  limits: CallLimits
}

interface ObjectResource {
  size: string
  crc32c: string
  generation: string
}

/**
 * Writes an object by a resumable upload (Cloud Storage, "Resumable uploads"): whole, or not at all.
 *
 * Nothing of it appears before the last byte has come with the right checksum. Every request may be repeated: an opened
 * session that nobody uses is nothing, a chunk goes to its offset only, and after a lost answer the session tells how
 * far it is, or that it is finished. So an upload has one effect without any precondition.
 *
 * @throws PlatformError, and whatever reading the source throws
 */
export async function uploadResumably(
  source: AsyncIterable<Uint8Array | string>,
  target: UploadTarget,
): Promise<{ sizeBytes: number; generation: string }> {
  let session: string | null = null
  let offset = 0
  try {
    for await (const { bytes, isLast } of chunksOf(source, target.limits.chunkBytes)) {
      target.checksum.update(bytes)
      // Not before the source has given something: one that fails at once leaves no session behind.
      session ??= await target.openSession()
      const hash = isLast ? target.checksum.toString() : null
      const object = await sendChunk({ session, offset, bytes, hash }, target.limits)
      offset += bytes.length
      if (object) return await accept(object, offset, target)
    }
    throw new Error('an upload without a last chunk')
  } catch (error) {
    if (session !== null) await cancel(session)
    throw error
  }
}

async function accept(object: ObjectResource, sizeBytes: number, target: UploadTarget) {
  const { size, crc32c, generation } = object
  if (Number(size) === sizeBytes && crc32c === target.checksum.toString() && generation) {
    return { sizeBytes, generation }
  }
  if (generation) await target.discard(generation)
  throw new PlatformError('DATA_DAMAGED', 'Cloud Storage stored other bytes than were sent')
}

interface Chunk {
  session: string
  /** Where in the object the bytes belong. */
  offset: number
  bytes: Buffer
  /** Of the whole object, base64; only its last chunk has it. */
  hash: string | null
}

/** Sends a chunk until all of it has arrived; gives the object when that finished it. */
async function sendChunk(chunk: Chunk, limits: CallLimits): Promise<ObjectResource | null> {
  const { offset, bytes, hash } = chunk
  let arrived = 0
  let isKnown = true
  for (let failures = 0; ; ) {
    try {
      const answer = await send(chunk, isKnown ? arrived : bytes.length, limits)
      if ('object' in answer) return answer.object
      const now = answer.persistedBytes - offset
      if (now < arrived || now > bytes.length) {
        throw new PlatformError('DATA_DAMAGED', 'an upload lost bytes that had arrived')
      }
      if (now === bytes.length && hash === null) return null
      if (isKnown && now === arrived) throw new PlatformError('UNAVAILABLE', 'an upload makes no progress')
      if (now > arrived) failures = 0
      arrived = now
      isKnown = true
    } catch (error) {
      const failure = toPlatformError(error, uploading)
      const isGone = error instanceof RefusedError && error.status === 410
      if (failure.code !== 'UNAVAILABLE' || isGone || ++failures >= limits.attempts) throw failure
      isKnown = false
      await pause(failures, limits)
    }
  }
}

/** Sends a chunk from one of its bytes on; none are left to send when it is only to be asked how far the session is. */
async function send(
  { session, offset, bytes, hash }: Chunk,
  from: number,
  limits: CallLimits,
): Promise<{ object: ObjectResource } | { persistedBytes: number }> {
  const rest = bytes.subarray(from)
  const range = rest.length === 0 ? '*' : `${offset + from}-${offset + bytes.length - 1}`
  const total = hash === null ? '*' : offset + bytes.length
  const response = await fetch(session, {
    method: 'PUT',
    redirect: 'manual',
    signal: AbortSignal.timeout(limits.requestSeconds * 1000),
    headers: {
      'content-range': `bytes ${range}/${total}`,
      ...(hash === null ? {} : { 'x-goog-hash': `crc32c=${hash}` }),
    },
    body: rest as Uint8Array<ArrayBuffer>,
  })
  const text = await response.text()
  if (response.status === 308) {
    const persisted = /^bytes=0-(\d+)$/.exec(response.headers.get('range') ?? '')?.[1]
    return { persistedBytes: persisted === undefined ? 0 : Number(persisted) + 1 }
  }
  if (response.ok) return { object: JSON.parse(text) as ObjectResource }
  if (response.status === 400 && /crc32c/i.test(text)) {
    throw new PlatformError('DATA_DAMAGED', 'other bytes arrived at Cloud Storage than were sent')
  }
  throw new RefusedError(response.status, text)
}

/** Gives an unfinished session up, which would end by itself in a week. It answers 499 to that (Cloud Storage). */
async function cancel(session: string): Promise<void> {
  const signal = AbortSignal.timeout(cancelSeconds * 1000)
  await fetch(session, { method: 'DELETE', signal }).then(
    (response) => response.body?.cancel(),
    () => {},
  )
}

/** Cuts a source into chunks of the same size and a last one, which is shorter and empty at most once: for nothing. */
async function* chunksOf(
  source: AsyncIterable<Uint8Array | string>,
  chunkBytes: number,
): AsyncGenerator<{ bytes: Buffer; isLast: boolean }> {
  let parts: Buffer[] = []
  let length = 0
  for await (const part of source) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : Buffer.from(part.buffer, part.byteOffset, part.length)
    parts.push(bytes)
    length += bytes.length
    if (length <= chunkBytes) continue
    const all = parts.length === 1 ? bytes : Buffer.concat(parts)
    let start = 0
    for (; length - start > chunkBytes; start += chunkBytes) {
      yield { bytes: all.subarray(start, start + chunkBytes), isLast: false }
    }
    parts = [all.subarray(start)]
    length -= start
  }
  yield { bytes: Buffer.concat(parts), isLast: true }
}
