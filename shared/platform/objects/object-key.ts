import { PlatformError } from '../errors.ts'
import { type Bucket, buckets } from './index.ts'

/** The limit of Google Cloud Storage. */
const maximumKeyLength = 1024

/**
 * Whether a text may be an object's key: segments of `[A-Za-z0-9._-]` between single slashes, none of them `.` or
 * `..`, 1,024 characters at most.
 */
export function isObjectKey(text: string): boolean {
  return (
    text.length <= maximumKeyLength &&
    text.split('/').every((segment) => /^[A-Za-z0-9._-]+$/.test(segment) && segment !== '.' && segment !== '..')
  )
}

/** Whether a text may be how keys begin: a key, or a key and the slash behind it. */
export function isObjectKeyPrefix(text: string): boolean {
  return isObjectKey(text.endsWith('/') ? text.slice(0, -1) : text)
}

export function isBucket(text: string): text is Bucket {
  return (buckets as readonly string[]).includes(text)
}

/** @throws PlatformError INVALID_ARGUMENT */
export function requireObjectName(bucket: string, key: string): void {
  if (!isBucket(bucket)) throw new PlatformError('INVALID_ARGUMENT', 'no such bucket')
  if (!isObjectKey(key)) throw new PlatformError('INVALID_ARGUMENT', 'not an object key')
}
