import type { DocumentErrorCode } from '#shared/domain/text/errors.ts'
import type { ReadDocument, ReadOptions } from '#shared/domain/text/read-document.ts'

/** What the parent sends to the worker; the buffer is transferred. */
export interface ReadRequest {
  bytes: Uint8Array
  options: ReadOptions
}

/** What the worker answers: a document, or why there is none. */
export type ReadReply =
  | { document: ReadDocument }
  | { error: { code: DocumentErrorCode; message: string; cause: string | null } }
