import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '#shared/domain/errors.ts'
import type { Cursors } from '#shared/domain/paging.ts'

/**
 * Opaque keyset cursors: the position and an HMAC-SHA256 over it and over where it belongs.
 * @param secret key of at least 32 characters
 * @param place the function's name and the organization (or the person, outside of one): a cursor is no good elsewhere
 */
export function createCursors(secret: string, place: string): Cursors {
  const mac = (position: string) =>
    createHmac('sha256', secret).update(`${place}\n${position}`).digest().subarray(0, 16)
  const refuse = () =>
    new AppError('VALIDATION_ERROR', 'The cursor is not valid here', [
      { field: 'query.page[cursor]', message: 'is not a cursor of this list' },
    ])
  return {
    sign: (position) => Buffer.concat([mac(position), Buffer.from(position)]).toString('base64url'),
    open(cursor) {
      const bytes = Buffer.from(cursor, 'base64url')
      // The decoder skips what it doesn't know: only our own spelling counts.
      if (bytes.length < 17 || bytes.toString('base64url') !== cursor) throw refuse()
      const position = bytes.subarray(16).toString()
      if (!timingSafeEqual(bytes.subarray(0, 16), mac(position))) throw refuse()
      return position
    },
  }
}
