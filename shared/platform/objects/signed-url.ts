import { createHmac, timingSafeEqual } from 'node:crypto'
import { PlatformError } from '../errors.ts'
import type { Bucket, SignOptions } from './index.ts'
import { isBucket, isObjectKey, requireObjectName } from './object-key.ts'

const mount = '/objects/'
/** The limit of Google Cloud Storage's V4 signatures. */
const longestSeconds = 7 * 24 * 3600

/** The one thing that a signed URL allows. */
export interface Permit {
  method: 'GET' | 'PUT'
  bucket: Bucket
  key: string
  /** Unix seconds. */
  expires: number
  contentType: string | null
  maximumBytes: number | null
  downloadName: string | null
}

export type PermitRefusal = 'INVALID_SIGNATURE' | 'EXPIRED'

/**
 * Checks what a caller wants to have signed.
 *
 * @throws PlatformError INVALID_ARGUMENT
 */
export function makePermit(bucket: Bucket, key: string, options: SignOptions, now: Date): Permit {
  requireObjectName(bucket, key)
  const { method, expiresInSeconds, contentType = null, maximumBytes = null, downloadName = null } = options
  const problem =
    (!(expiresInSeconds >= 1 && expiresInSeconds <= longestSeconds) && 'a URL is valid for 1 s to 7 days') ||
    (method !== 'GET' && method !== 'PUT' && 'only GET and PUT can be signed') ||
    (method === 'GET' && (contentType !== null || maximumBytes !== null) && 'what is read has its type and size') ||
    (method === 'PUT' && downloadName !== null && 'only a download has a name') ||
    (contentType !== null && !isContentType(contentType) && 'not a content type') ||
    (maximumBytes !== null && !(Number.isSafeInteger(maximumBytes) && maximumBytes > 0) && 'not a size') ||
    (downloadName !== null && !isDownloadName(downloadName) && 'not a name for a file')
  if (problem) throw new PlatformError('INVALID_ARGUMENT', problem)
  const expires = Math.floor(now.getTime() / 1000 + expiresInSeconds)
  return { method, bucket, key, expires, contentType, maximumBytes, downloadName }
}

/** Path and query of the URL that grants the permit to its holder. */
export function toSignedPath(permit: Permit, secret: string): string {
  const query = new URLSearchParams({ method: permit.method, expires: String(permit.expires) })
  if (permit.contentType !== null) query.set('content-type', permit.contentType)
  if (permit.maximumBytes !== null) query.set('maximum-bytes', String(permit.maximumBytes))
  if (permit.downloadName !== null) query.set('download-name', permit.downloadName)
  query.set('signature', signatureOf(permit, secret))
  return `${mount}${permit.bucket}/${permit.key}?${query}`
}

/** Reads the permit out of a request's URL. Whatever is not exactly as it was signed is refused. */
export function openSignedPath(requestUrl: string, secret: string, now: Date): Permit | PermitRefusal {
  const permit = parse(requestUrl)
  if (!permit) return 'INVALID_SIGNATURE'
  const given = Buffer.from(permit.signature)
  const expected = Buffer.from(signatureOf(permit, secret))
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'INVALID_SIGNATURE'
  return now.getTime() / 1000 >= permit.expires ? 'EXPIRED' : permit
}

/** A media type with optional parameters (RFC 9110 section 8.3.1), of printable ASCII. */
export function isContentType(text: string): boolean {
  return text.length <= 255 && /^[\w.+-]+\/[\w.+-]+(;[\x20-\x7e]*)?$/.test(text)
}

function isDownloadName(text: string): boolean {
  return text.length >= 1 && text.length <= 255 && text.isWellFormed() && !/[\p{Cc}/\\]/u.test(text)
}

function signatureOf(permit: Permit, secret: string): string {
  const { method, bucket, key, expires, contentType, maximumBytes, downloadName } = permit
  // JSON keeps the parts apart, whatever they contain.
  const text = JSON.stringify(['object url v1', method, bucket, key, expires, contentType, maximumBytes, downloadName])
  return createHmac('sha256', secret).update(text).digest('base64url')
}

const parameters = new Set(['method', 'expires', 'content-type', 'maximum-bytes', 'download-name', 'signature'])

function parse(requestUrl: string): (Permit & { signature: string }) | null {
  const [path = '', ...queries] = requestUrl.split('?')
  if (queries.length !== 1 || !path.startsWith(mount)) return null
  const slash = path.indexOf('/', mount.length)
  const bucket = path.slice(mount.length, slash)
  const key = path.slice(slash + 1)
  if (slash < 0 || !isBucket(bucket) || !isObjectKey(key)) return null

  const query = new URLSearchParams(queries[0])
  const names = [...query.keys()]
  if (new Set(names).size !== names.length || !names.every((name) => parameters.has(name))) return null
  const method = query.get('method')
  const expires = wholeNumber(query.get('expires'))
  const signature = query.get('signature')
  const maximumBytes = query.has('maximum-bytes') ? wholeNumber(query.get('maximum-bytes')) : null
  if ((method !== 'GET' && method !== 'PUT') || expires === null || !signature) return null
  if (query.has('maximum-bytes') && maximumBytes === null) return null
  return {
    method,
    bucket,
    key,
    expires,
    contentType: query.get('content-type'),
    maximumBytes,
    downloadName: query.get('download-name'),
    signature,
  }
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null
}
