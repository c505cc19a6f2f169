/**
 * Why a file can't be read, as a stable code. All but DOCUMENT_TIMEOUT say that reading the same bytes again gives the
 * same answer, so a queue should not retry.
 *
 * - FILE_EMPTY: no bytes, or nothing but white space
 * - FILE_TOO_LARGE, TEXT_TOO_LARGE, TOO_MANY_PAGES, NESTING_TOO_DEEP: over a limit of `DocumentLimits`
 * - UNSUPPORTED_FORMAT: a format that isn't read
 * - UNKNOWN_ENCODING: claims to be text but no character encoding fits
 * - ENCRYPTED_DOCUMENT: needs a password
 * - BROKEN_DOCUMENT: a known format, but truncated or damaged
 * - ARCHIVE_BOMB: an archive that would grow out of proportion when unpacked
 * - NO_TEXT_LAYER: well formed, but holds no text (a scan, screenshots only)
 * - DOCUMENT_TIMEOUT, DOCUMENT_TOO_COMPLEX: stopped by the isolating worker's time or memory limit
 */
export type DocumentErrorCode =
  | 'FILE_EMPTY'
  | 'FILE_TOO_LARGE'
  | 'TEXT_TOO_LARGE'
  | 'TOO_MANY_PAGES'
  | 'NESTING_TOO_DEEP'
  | 'UNSUPPORTED_FORMAT'
  | 'UNKNOWN_ENCODING'
  | 'ENCRYPTED_DOCUMENT'
  | 'BROKEN_DOCUMENT'
  | 'ARCHIVE_BOMB'
  | 'NO_TEXT_LAYER'
  | 'DOCUMENT_TIMEOUT'
  | 'DOCUMENT_TOO_COMPLEX'

/** A file that can't be read; `code` is stable, `message` is one sentence for the person who sent the file. */
export class DocumentError extends Error {
  readonly code: DocumentErrorCode

  constructor(code: DocumentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DocumentError'
    this.code = code
  }
}
