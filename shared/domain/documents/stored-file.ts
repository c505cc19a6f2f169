import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { DocumentError } from '../text/errors.ts'

/**
 * Reads a stored file into memory, unless it is larger than it may be: then none of it. A signed upload binds its size,
 * but what stores it is not ours, and a function has its memory for one file.
 *
 * @throws DocumentError FILE_TOO_LARGE
 */
export async function readStoredFile(
  file: { body: Readable; sizeBytes: number },
  maximumBytes: number,
): Promise<Buffer<ArrayBuffer>> {
  if (file.sizeBytes > maximumBytes) {
    file.body.destroy()
    throw new DocumentError('FILE_TOO_LARGE', `The file has ${file.sizeBytes} bytes; at most ${maximumBytes} are read.`)
  }
  return buffer(file.body)
}
