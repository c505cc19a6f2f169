import { hash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { PlatformError } from '../errors.ts'
import type { Bucket, ObjectStore } from './index.ts'
import {
  findObjectFiles,
  objectFileExists,
  openObjectFile,
  removeAbandoned,
  removeObjectFile,
  removeOldFiles,
  TooLargeError,
  writeObjectFile,
} from './object-file.ts'
import { isBucket, isObjectKeyPrefix, requireObjectName } from './object-key.ts'
import { answerSignedRequest } from './serve.ts'
import { isContentType, makePermit, toSignedPath } from './signed-url.ts'

const shortestSecret = 32

/** The store, and what the request handler needs beyond the port. */
export interface LocalStore extends ObjectStore {
  exists(bucket: Bucket, key: string): Promise<boolean>
  /**
   * Writes an object unless there is one.
   *
   * @returns its generation, or null when there was one.
   * @throws TooLargeError
   */
  create(
    bucket: Bucket,
    key: string,
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    maximumBytes: number | null,
  ): Promise<string | null>
}

export interface LocalObjects extends ObjectStore {
  /** Answers a request under `/objects/`; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Removes objects that were written before a time, as a bucket's lifecycle rule does. Returns how many. */
  removeOlder(bucket: Bucket, before: Date): Promise<number>
  /** Removes what killed processes left half-written; only for the start of a process that is alone on the folder. */
  removeHalfWritten(): Promise<void>
}

/**
 * The object store of the embedded cloud: files under a folder, and signed URLs that this process answers.
 *
 * A file's name is the hash of its key, so no key can lead out of the folder, collide with another on a file system
 * that ignores case, or be too long. Nothing is touched before the first use.
 *
 * @param options.folder - made when missing.
 * @param options.secret - signs the URLs, 32 characters or more; with another one all URLs are void.
 * @param options.publicUrl - origin under which `handle` is reached.
 * @param options.origins - origins of pages that may read and upload; `*` means any.
 * @param options.onError - told of failures whose cause a client must not see.
 */
export function createLocalObjects(options: {
  folder: string
  secret: string
  publicUrl: string
  origins: readonly string[]
  now?: () => Date
  onError?: (error: unknown) => void
}): LocalObjects {
  const { secret, origins, now = () => new Date(), onError = console.error } = options
  if (secret.length < shortestSecret) {
    throw new PlatformError(
      'INVALID_ARGUMENT',
      `the secret of the object store has ${shortestSecret} characters or more`,
    )
  }
  if (!options.folder) throw new PlatformError('INVALID_ARGUMENT', 'the object store needs a folder')
  const folder = resolve(options.folder)
  const publicUrl = options.publicUrl.replace(/\/$/, '')
  const partialFolder = join(folder, 'partial')
  let _cleaned: Promise<void> | null = null
  let lastGeneration = 0

  function pathOf(bucket: Bucket, key: string): string {
    requireObjectName(bucket, key)
    const name = hash('sha256', key, 'hex')
    return join(folder, bucket, name.slice(0, 2), name.slice(2))
  }

  /** Microseconds, as at Google Cloud Storage, and never the same twice. */
  function nextGeneration(): string {
    lastGeneration = Math.max(now().getTime() * 1000, lastGeneration + 1)
    return String(lastGeneration)
  }

  async function put(
    bucket: Bucket,
    key: string,
    contentType: string,
    rest: { body: AsyncIterable<Uint8Array | string>; maximumBytes?: number; replace: boolean },
  ) {
    const path = pathOf(bucket, key)
    if (!isContentType(contentType)) throw new PlatformError('INVALID_ARGUMENT', 'not a content type')
    _cleaned ??= removeAbandoned(partialFolder).catch(onError)
    const generation = nextGeneration()
    const description = { key, contentType, generation }
    const sizeBytes = await onDisk(() => writeObjectFile({ path, partialFolder, description, ...rest }))
    return { sizeBytes, generation }
  }

  const store: LocalStore = {
    async write(bucket, key, body, contentType) {
      const source = body instanceof Readable ? body : Readable.from([body])
      const { sizeBytes, generation } = await put(bucket, key, contentType, { body: source, replace: true })
      return { sizeBytes: sizeBytes!, generation }
    },
    async create(bucket, key, body, contentType, maximumBytes) {
      const limit = maximumBytes === null ? {} : { maximumBytes }
      const { sizeBytes, generation } = await put(bucket, key, contentType, { body, replace: false, ...limit })
      return sizeBytes === null ? null : generation
    },
    async read(bucket, key) {
      const path = pathOf(bucket, key)
      const opened = await onDisk(() => openObjectFile(path))
      if (!opened) return null
      const { body, sizeBytes, contentType, generation } = opened
      return { body, sizeBytes, contentType, generation }
    },
    async exists(bucket, key) {
      const path = pathOf(bucket, key)
      return onDisk(() => objectFileExists(path))
    },
    async sign(bucket, key, signOptions) {
      const permit = makePermit(bucket, key, signOptions, now())
      return {
        url: publicUrl + toSignedPath(permit, secret),
        method: permit.method,
        headers: permit.contentType === null ? {} : { 'content-type': permit.contentType },
        expiresAt: new Date(permit.expires * 1000),
      }
    },
    async remove(bucket, key) {
      const path = pathOf(bucket, key)
      await onDisk(() => removeObjectFile(path))
    },
    async removeSome(bucket, prefix, limit) {
      if (!isBucket(bucket)) throw new PlatformError('INVALID_ARGUMENT', 'no such bucket')
      if (!isObjectKeyPrefix(prefix)) throw new PlatformError('INVALID_ARGUMENT', 'not how object keys begin')
      if (!(Number.isSafeInteger(limit) && limit > 0)) throw new PlatformError('INVALID_ARGUMENT', 'not a limit')
      return onDisk(async () => {
        let removed = 0
        for await (const path of findObjectFiles(join(folder, bucket), prefix, { onDamaged: onError })) {
          await removeObjectFile(path)
          if (++removed === limit) break
        }
        return removed
      })
    },
  }

  return {
    write: store.write,
    read: store.read,
    sign: store.sign,
    remove: store.remove,
    removeSome: store.removeSome,
    removeOlder: (bucket, before) => onDisk(() => removeOldFiles(join(folder, bucket), before)),
    removeHalfWritten: () => onDisk(() => removeAbandoned(partialFolder, 0)),
    handle: (request, response) => answerSignedRequest({ store, secret, origins, now, onError }, request, response),
  }
}

/** Runs file work and turns the file system's errors into ours; whatever else the source of a body throws passes through. */
async function onDisk<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const { code, syscall, path } = error as NodeJS.ErrnoException
    const fromDisk =
      !(error instanceof PlatformError || error instanceof TooLargeError) && syscall && diskErrors.has(code ?? '')
    if (!fromDisk) throw error
    const refused = code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
    throw new PlatformError(
      refused ? 'PERMISSION' : 'UNAVAILABLE',
      `the object store's folder can't be used (${code}${path ? ` at ${path}` : ''})`,
      { cause: error },
    )
  }
}

const diskErrors = new Set(
  'EACCES EPERM EROFS ENOSPC EDQUOT EMFILE ENFILE EIO ENOTDIR EISDIR ENOENT ENAMETOOLONG ELOOP EXDEV EMLINK ENOTSUP'.split(
    ' ',
  ),
)
