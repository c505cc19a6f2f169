import { PlatformError } from '../errors.ts'

/** @throws PlatformError INVALID_ARGUMENT unless it is 1 to 255 letters, digits, `-` and `_`, as Secret Manager allows. */
export function assertSecretName(name: string): void {
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(name)) {
    throw new PlatformError('INVALID_ARGUMENT', 'a secret name has 1 to 255 letters, digits, hyphens or underscores')
  }
}
