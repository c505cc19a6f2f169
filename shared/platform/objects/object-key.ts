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

export function isBucket(text: string): text is Bucket {
  return (buckets as readonly string[]).includes(text)
}

/** @throws PlatformError INVALID_ARGUMENT */
export function requireObjectName(bucket: string, key: string): void {
  if (!isBucket(bucket)) throw new PlatformError('INVALID_ARGUMENT', 'no such bucket')
  if (!isObjectKey(key)) throw new PlatformError('INVALID_ARGUMENT', 'not an object key')
}
