import { Readable } from 'node:stream'
import type { Bucket as CloudBucket, File, Storage, StorageOptions } from '@google-cloud/storage'
import { PlatformError } from '../errors.ts'
import { contentDisposition } from './content-disposition.ts'
import { type CallLimits, callCloudStorage, defaultLimits } from './gcp-calls.ts'
import { openDownload } from './gcp-download.ts'
import { uploadResumably } from './gcp-upload.ts'
import type { Bucket, ObjectStore } from './index.ts'
import { isBucket, isObjectKeyPrefix, requireObjectName } from './object-key.ts'
import { isContentType, makePermit, type Permit } from './signed-url.ts'

/** The limit of Cloud Storage for one page of a list. */
const pageObjects = 1000
const parallelRemovals = 16

/**
 * The object store of Google Cloud: Cloud Storage, in the buckets `raptorflow-{environment}-{bucket}`.
 *
 * The client is loaded and finds its credentials at the first use. The account needs `roles/storage.objectUser` where it
 * writes or removes; with less than `storage.objects.list`, Cloud Storage says 403 instead of 404 of what is not there.
 * Where no key is at hand, as on Cloud Run, URLs are signed by IAM (`iam.serviceAccounts.signBlob` on itself).
 *
 * @param options.environment - part of the buckets' names, e.g. `staging`
 * @param options.signingEndpoint - where IAM signs, up to the account's name, e.g. behind Private Service Connect
 * @param options.client - how else Cloud Storage is reached, e.g. `apiEndpoint` and `credentials`
 */
export function createCloudStorageObjects(options: {
  projectId: string
  environment: string
  client?: Pick<StorageOptions, 'apiEndpoint' | 'credentials' | 'useAuthWithCustomEndpoint'>
  signingEndpoint?: string
  limits?: Partial<CallLimits>
}): ObjectStore {
  if (!/^[a-z0-9][a-z0-9-]{0,29}$/.test(options.environment)) {
    throw new PlatformError('INVALID_ARGUMENT', 'the environment is no part of a name of buckets')
  }
  const limits = { ...defaultLimits, ...options.limits }
  let loading: Promise<{ storage: Storage; newChecksum: () => CloudChecksum }> | null = null

  const load = () => {
    loading ??= import('@google-cloud/storage').then(({ Storage, CRC32C }) => ({
      storage: new Storage({
        projectId: options.projectId,
        timeout: limits.requestSeconds * 1000,
        // Its own tries wait for a second at least and share their state between requests: ours are in gcp-calls.
        retryOptions: { autoRetry: false },
        ...options.client,
      }),
      newChecksum: () => new CRC32C(),
    }))
    return loading
  }

  async function fileOf(bucket: Bucket, key: string): Promise<File> {
    const { storage } = await load()
    return storage.bucket(bucketName(bucket)).file(key)
  }

  const bucketName = (bucket: Bucket) => `raptorflow-${options.environment}-${bucket}`
  const call = <Result>(action: string, work: (signal: AbortSignal) => Promise<Result>) =>
    callCloudStorage(action, limits, work)

  /** As the client does it: nothing is shown to another endpoint unless that is asked for. */
  async function authorize(storage: Storage): Promise<Record<string, string>> {
    if (options.client?.apiEndpoint && !options.client.useAuthWithCustomEndpoint) return {}
    return Object.fromEntries(await storage.authClient.getRequestHeaders())
  }

  /** From the beginning each time: lists are consistent, and what was listed before is gone. */
  async function listSome(place: CloudBucket, prefix: string, maxResults: number): Promise<File[]> {
    let pageToken: string | undefined
    do {
      const [files, next] = await call('listing objects', () =>
        place.getFiles({
          prefix,
          maxResults,
          autoPaginate: false,
          fields: 'items(name),nextPageToken',
          ...(pageToken === undefined ? {} : { pageToken }),
        }),
      )
      // Not files but plain objects, since fields were chosen.
      if (files.length > 0) return files.map(({ name }) => place.file(name))
      // A page may be empty although others follow.
      pageToken = (next as { pageToken?: string } | null)?.pageToken
    } while (pageToken !== undefined)
    return []
  }

  async function removeFile(file: File): Promise<void> {
    await call('removing an object', () => file.delete({ ignoreNotFound: true }))
  }

  return {
    async write(bucket, key, body, contentType) {
      requireObjectName(bucket, key)
      if (!isContentType(contentType)) throw new PlatformError('INVALID_ARGUMENT', 'not a content type')
      const { newChecksum } = await load()
      const file = await fileOf(bucket, key)
      return uploadResumably(body instanceof Readable ? body : Readable.from([body]), {
        checksum: newChecksum(),
        limits,
        openSession: () =>
          call('beginning to write an object', async () => {
            const [session] = await file.createResumableUpload({ metadata: { contentType } })
            if (!session) throw new PlatformError('UNAVAILABLE', 'Cloud Storage opened no session for an upload')
            return session
          }),
        discard: async (generation) => {
          await call('removing a damaged object', () =>
            file.delete({ ifGenerationMatch: generation, ignoreNotFound: true }),
          )
        },
      })
    },
    async read(bucket, key) {
      requireObjectName(bucket, key)
      const { storage, newChecksum } = await load()
      const url = `${storage.baseUrl}/b/${bucketName(bucket)}/o/${encodeURIComponent(key)}?alt=media`
      return call('reading an object', async (signal) => {
        const authorization = await authorize(storage)
        return openDownload({ url, authorization, checksum: newChecksum(), idleSeconds: limits.idleSeconds }, signal)
      })
    },
    async sign(bucket, key, signOptions) {
      const now = new Date()
      const permit = makePermit(bucket, key, signOptions, now)
      const file = await fileOf(bucket, key)
      const { headers, query } = whatIsSigned(permit)
      const expiresAt = new Date(permit.expires * 1000)
      const [url] = await call('signing a URL', () =>
        file.getSignedUrl({
          version: 'v4',
          action: permit.method === 'GET' ? 'read' : 'write',
          accessibleAt: now,
          expires: expiresAt,
          extensionHeaders: headers,
          queryParams: query,
          ...(options.signingEndpoint === undefined ? {} : { signingEndpoint: options.signingEndpoint }),
        }),
      )
      return { url, method: permit.method, headers, expiresAt }
    },
    async remove(bucket, key) {
      requireObjectName(bucket, key)
      await removeFile(await fileOf(bucket, key))
    },
    async removeSome(bucket, prefix, limit) {
      if (!isBucket(bucket)) throw new PlatformError('INVALID_ARGUMENT', 'no such bucket')
      if (!isObjectKeyPrefix(prefix)) throw new PlatformError('INVALID_ARGUMENT', 'not how object keys begin')
      if (!(Number.isSafeInteger(limit) && limit > 0)) throw new PlatformError('INVALID_ARGUMENT', 'not a limit')
      const { storage } = await load()
      const place = storage.bucket(bucketName(bucket))
      let removed = 0
      while (removed < limit) {
        const files = await listSome(place, prefix, Math.min(pageObjects, limit - removed))
        if (files.length === 0) break
        for (let start = 0; start < files.length; start += parallelRemovals) {
          // All are waited for, so that nothing goes on behind the back of whoever hears of a failure.
          const done = await Promise.allSettled(files.slice(start, start + parallelRemovals).map(removeFile))
          const failed = done.find((result) => result.status === 'rejected')
          if (failed) throw failed.reason
        }
        removed += files.length
      }
      return removed
    },
  }
}

interface CloudChecksum {
  update(bytes: Buffer): void
  toString(): string
}

/**
 * What a URL binds its holder to, as headers that must be sent along and as parts of the URL (Cloud Storage, "Signed
 * URLs" and "HTTP headers for the XML API"). Whoever reads an upload still looks at its size before its content.
 */
function whatIsSigned(permit: Permit): { headers: Record<string, string>; query: Record<string, string> } {
  const { method, key, contentType, maximumBytes, downloadName } = permit
  if (method === 'GET') {
    const name = downloadName ?? key.slice(key.lastIndexOf('/') + 1)
    return { headers: {}, query: { 'response-content-disposition': contentDisposition(name) } }
  }
  return {
    query: {},
    headers: {
      'x-goog-if-generation-match': '0',
      ...(contentType === null ? {} : { 'content-type': contentType }),
      ...(maximumBytes === null ? {} : { 'x-goog-content-length-range': `0,${maximumBytes}` }),
    },
  }
}
