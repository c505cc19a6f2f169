import { get as getPlain, type IncomingMessage } from 'node:http'
import { get as getSecure } from 'node:https'
import { type Readable, Transform } from 'node:stream'
import { text } from 'node:stream/consumers'
import { PlatformError } from '../errors.ts'
import { RefusedError, toPlatformError } from './gcp-calls.ts'
import type { StoredObject } from './index.ts'

export interface DownloadSource {
  /** Of the object's media at the JSON API. */
  url: string
  /** What shows who asks. */
  authorization: Record<string, string>
  /** A new CRC32C (Castagnoli) of no bytes. */
  checksum: { update(bytes: Buffer): void; toString(): string }
  idleSeconds: number
}

const reading = 'reading an object'

/**
 * Opens an object in one request, so that its size, type and generation belong to the very bytes that follow.
 *
 * The bytes are those that are stored: an upload that called itself gzip is not unpacked, which keeps the size true and
 * a small file from becoming a huge one (neither `fetch` nor the client's stream can be kept from it or be read without
 * warnings of leaks). Their CRC32C is checked before the stream ends.
 *
 * @returns null when there is no such object
 * @throws RefusedError, PlatformError, and what the connection throws
 */
export async function openDownload(source: DownloadSource, signal: AbortSignal): Promise<StoredObject | null> {
  const response = await request(source, signal)
  const { statusCode = 0, headers } = response
  if (statusCode !== 200) {
    const message = (await text(response)).slice(0, 1000)
    if (statusCode === 404 && !/bucket does not exist/i.test(message)) return null
    throw new RefusedError(statusCode, message)
  }
  const size = headers['x-goog-stored-content-length']
  const generation = headers['x-goog-generation']
  const crc32c = /crc32c=([^,\s]+)/.exec(String(headers['x-goog-hash']))?.[1]
  if (typeof size !== 'string' || typeof generation !== 'string' || crc32c === undefined) {
    response.destroy()
    throw new PlatformError('UNAVAILABLE', 'Cloud Storage sent an object without its size, generation or checksum')
  }
  return {
    body: guard(response, source, { sizeBytes: Number(size), crc32c }),
    sizeBytes: Number(size),
    contentType: headers['content-type'] ?? 'application/octet-stream',
    generation,
  }
}

function request({ url, authorization }: DownloadSource, signal: AbortSignal): Promise<IncomingMessage> {
  // The deadline may have passed while credentials were fetched.
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getSecure : getPlain
    // Without gzip being accepted, Cloud Storage would unpack what is stored so.
    const outgoing = get(url, { headers: { ...authorization, 'accept-encoding': 'gzip' } }, resolve)
    outgoing.on('error', reject)
    signal.addEventListener('abort', () => outgoing.destroy(), { once: true })
  })
}

/** Ends the stream with an error of ours when the download fails, is not what was stored, or stands still for its reader. */
function guard(
  response: IncomingMessage,
  { checksum, idleSeconds }: DownloadSource,
  expected: { sizeBytes: number; crc32c: string },
): Readable {
  let bytes = 0
  let bytesBefore = 0
  const body = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      checksum.update(chunk)
      done(null, chunk)
    },
    flush(done) {
      const isRight = bytes === expected.sizeBytes && checksum.toString() === expected.crc32c
      done(isRight ? null : new PlatformError('DATA_DAMAGED', 'other bytes came from Cloud Storage than are stored'))
    },
  })
  const timer = setInterval(() => {
    const isStill = bytes === bytesBefore && !body.writableEnded
    bytesBefore = bytes
    if (isStill && body.readableLength < body.readableHighWaterMark) {
      body.destroy(new PlatformError('UNAVAILABLE', `a download stood still for ${idleSeconds} s`))
    }
  }, idleSeconds * 1000).unref()
  response.on('error', (error) => body.destroy(toPlatformError(error, reading)))
  body.once('close', () => {
    clearInterval(timer)
    response.destroy()
  })
  return response.pipe(body)
}
