import { PlatformError } from '../errors.ts'

/** One address and nothing else: no name, no list, no header behind a line break. */
const address = /^[^\s\p{C}<>(),;:\\"[\]@]+@[^\s\p{C}<>(),;:\\"[\]@]+$/u

/** @throws PlatformError INVALID_ARGUMENT unless it is the address of one mailbox */
export function requireAddress(to: string): void {
  if (to.length <= 320 && address.test(to)) return
  throw new PlatformError('INVALID_ARGUMENT', 'not the address of one mailbox')
}
