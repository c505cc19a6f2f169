import { parentPort } from 'node:worker_threads'
import { DocumentError } from '#shared/domain/text/errors.ts'
import { readDocument } from '#shared/domain/text/read-document.ts'
import type { ReadReply, ReadRequest } from './protocol.ts'

// The PDF library leaves some promises unattended that a damaged file rejects; what it returns or throws is what counts.
process.on('unhandledRejection', () => {})

parentPort?.on('message', async (request: ReadRequest) => {
  parentPort?.postMessage(await read(request))
})

async function read({ bytes, options }: ReadRequest): Promise<ReadReply> {
  try {
    return { document: await readDocument(bytes, options) }
  } catch (error) {
    const { code, message } = asDocumentError(error)
    return { error: { code, message, cause: causeOf(error) } }
  }
}

function asDocumentError(error: unknown): DocumentError {
  if (error instanceof DocumentError) return error
  // Stack overflow, and buffers that can't be had.
  if (error instanceof RangeError) {
    return new DocumentError('DOCUMENT_TOO_COMPLEX', 'The document is too complex to be read.', { cause: error })
  }
  return new DocumentError('BROKEN_DOCUMENT', 'The document is damaged in a way that can’t be read.', { cause: error })
}

function causeOf(error: unknown): string | null {
  const cause = error instanceof DocumentError ? error.cause : error
  return cause instanceof Error ? (cause.stack ?? cause.message) : null
}
