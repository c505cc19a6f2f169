import type { DocumentText } from '../extraction/types.ts'
import { type DocumentFormat, requireFormat } from './detect.ts'
import { storableText } from './encoding.ts'
import { DocumentError } from './errors.ts'
import { type DocumentLimits, withDefaultLimits } from './limits.ts'

/** What is known of a file besides its bytes. */
export interface ReadOptions {
  fileName?: string | null
  /** MIME type, with parameters if any. */
  contentType?: string | null
  limits?: Partial<DocumentLimits>
}

/** A document's text and how it was got. */
export interface ReadDocument extends DocumentText {
  format: DocumentFormat
  /** WHATWG name of the character encoding; null for PDF and DOCX. */
  encoding: string | null
  /** Numbers of damaged pages that were passed over (PDF). */
  unreadablePages: number[]
}

type Contents = Omit<ReadDocument, 'format'>

/**
 * Reads the text of a file in any supported format. The text is well-formed Unicode without NUL.
 *
 * Offsets: for plain text and Markdown they count the UTF-16 code units of the file's own text after its byte order
 * mark; for PDF, DOCX and HTML the text is made here, and offsets count in what is returned.
 *
 * Files from outside belong behind a worker (`readInWorker`): a hostile one can take any time and memory here, and the
 * PDF library may leave rejected promises behind that nobody awaits.
 *
 * @param bytes the whole file; its buffer may be detached afterwards (PDF)
 * @throws DocumentError with a stable code
 */
export async function readDocument(bytes: Uint8Array, options: ReadOptions = {}): Promise<ReadDocument> {
  const limits = withDefaultLimits(options.limits)
  const detected = requireFormat(bytes, options)
  const contents = await readFormat(bytes, detected, options, limits)
  const text = storableText(contents.text)
  if (text.trim() === '') {
    throw detected.format === 'html'
      ? new DocumentError('NO_TEXT_LAYER', 'The page shows no text; scripts may write it, and scripts are not run.')
      : new DocumentError('FILE_EMPTY', 'The file holds nothing but white space.')
  }
  return {
    ...contents,
    format: detected.format,
    text,
    title: contents.title === null ? null : storableText(contents.title),
  }
}

async function readFormat(
  bytes: Uint8Array,
  detected: { format: DocumentFormat; encoding: string | null; markBytes: number },
  options: ReadOptions,
  limits: DocumentLimits,
): Promise<Contents> {
  // Each reader brings its own library, so it is loaded only where it is used.
  switch (detected.format) {
    case 'pdf': {
      const { readPdf } = await import('./pdf.ts')
      return { ...(await readPdf(bytes, limits)), encoding: null }
    }
    case 'docx': {
      const { readDocx } = await import('./docx.ts')
      return { ...(await readDocx(bytes, limits)), pages: [], encoding: null, unreadablePages: [] }
    }
    case 'html': {
      const { readHtml } = await import('./html.ts')
      const encoding = detected.encoding ?? 'utf-8'
      return {
        ...readHtml(bytes.subarray(detected.markBytes), encoding, limits),
        pages: [],
        encoding,
        unreadablePages: [],
      }
    }
    case 'text':
    case 'markdown': {
      const { readPlain } = await import('./plain.ts')
      const plain = readPlain(bytes, options.contentType ?? null, detected.format === 'markdown', limits)
      return { ...plain, pages: [], unreadablePages: [] }
    }
  }
}
