import { PlatformError } from '../errors.ts'

/** What every driver takes: no more than Firestore does, so that what works on one machine works on Google Cloud. */
const maximumKeyBytes = 1_500
/** Firestore's limit of a document is 1 MiB. */
const maximumValueBytes = 1_000_000
const maximumTtlSeconds = 366 * 24 * 3600

/** @throws PlatformError INVALID_ARGUMENT unless the key has 1 to 1,500 bytes and no NUL. */
export function validKey(key: string): string {
  const bytes = Buffer.byteLength(key)
  if (bytes < 1 || bytes > maximumKeyBytes || key.includes('\0')) {
    throw new PlatformError('INVALID_ARGUMENT', `a state key has 1 to ${maximumKeyBytes} bytes and no NUL`)
  }
  return key
}

/** A value as JSON text. @throws PlatformError INVALID_ARGUMENT for what is no JSON or has more than 1 MB. */
export function textOf(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) throw new PlatformError('INVALID_ARGUMENT', 'a state value must be JSON')
  if (Buffer.byteLength(text) > maximumValueBytes) {
    throw new PlatformError('INVALID_ARGUMENT', `a state value has at most ${maximumValueBytes} bytes of JSON`)
  }
  return text
}

/** When an entry is over. @throws PlatformError INVALID_ARGUMENT for a time to live that is none. */
export function expiryOf(at: Date, ttlSeconds: number): Date {
  if (!(ttlSeconds > 0 && ttlSeconds <= maximumTtlSeconds)) {
    throw new PlatformError('INVALID_ARGUMENT', 'a time to live is more than 0 seconds and at most a year')
  }
  return new Date(at.getTime() + ttlSeconds * 1000)
}

/** @throws PlatformError INVALID_ARGUMENT for an amount that can't be counted exactly. */
export function assertWhole(amount: number): void {
  if (!Number.isSafeInteger(amount)) throw new PlatformError('INVALID_ARGUMENT', 'a counter counts whole numbers')
}
