import { guessEncoding, knownLabel } from './encoding.ts'
import { DocumentError, type DocumentErrorCode } from './errors.ts'
import { type DocumentLimits, withDefaultLimits } from './limits.ts'
import { binaryFormatName, startsWith } from './signatures.ts'
import { readArchive } from './zip.ts'

/** The formats that text is read from. */
export type DocumentFormat = 'pdf' | 'html' | 'docx' | 'text' | 'markdown'

/** What a file is, or why it is refused. */
export type Detection =
  | { format: DocumentFormat; encoding: string | null; markBytes: number }
  | { rejected: DocumentErrorCode; message: string }

/** What is known of a file besides its bytes; names and types are hints, the content decides. */
export interface DetectOptions {
  fileName?: string | null
  /** MIME type with parameters, as in a Content-Type header. */
  contentType?: string | null
  limits?: Partial<DocumentLimits>
  /** Size of the whole file when `bytes` is only its beginning (at least 4 KiB of it). */
  totalBytes?: number
}

const SAMPLE_BYTES = 64 * 1024
const SNIFF_LENGTH = 4096
const PDF_HEADER_SEARCH_BYTES = 1024
const PDF_TRAILER_SEARCH_BYTES = 2048
const TEXT_NAME =
  /\.(?:txt|text|log|md|markdown|mdown|html?|xhtml|csv|tsv|json|ya?ml|xml|yara?|rules|conf|ini|eml|ioc)$/i
const HTML_NAME = /\.(?:html?|xhtml)$/i
const MARKDOWN_NAME = /\.(?:md|markdown|mdown)$/i
// Elements that open a page or a saved part of one (WHATWG MIME Sniffing 7.1).
const STRONG_HTML = /^<(?:!doctype\s+html|html|head|body)[\s>/]/i
const WEAK_HTML =
  /^<(?:title|script|style|meta|link|div|p|h[1-6]|table|a|br|b|font|iframe|span|ul|ol|article|section|main)[\s>/]/i

/**
 * Tells a file's format from its content: magic numbers first, then whether it is text and of which kind. The name and
 * the declared type only choose between kinds of text (Markdown has no signature) and word the refusal.
 *
 * @param bytes the whole file, or its beginning with `totalBytes` set
 * @returns the format, or a stable code and a sentence for the sender
 */
export function detectFormat(bytes: Uint8Array, options: DetectOptions = {}): Detection {
  const limits = withDefaultLimits(options.limits)
  const size = options.totalBytes ?? bytes.length
  if (size === 0) return rejected('FILE_EMPTY', 'The file is empty.')
  if (size > limits.fileBytes) {
    return rejected('FILE_TOO_LARGE', `The file has ${size} bytes; at most ${limits.fileBytes} are read.`)
  }
  const complete = size === bytes.length
  if (startsWith(bytes, '%PDF-') || isShiftedPdf(bytes)) return found('pdf')
  if (startsWith(bytes, 'PK\x03\x04') || startsWith(bytes, 'PK\x05\x06')) return detectArchive(bytes, complete, limits)
  if (startsWith(bytes, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')) return detectCompoundFile(bytes)
  const binary = binaryFormatName(bytes, true)
  if (binary) return rejected('UNSUPPORTED_FORMAT', `The file is ${binary}, which is not read.`)
  const declared = declaredEncoding(bytes, options.contentType)
  const sample = bytes.subarray(0, SAMPLE_BYTES)
  const encoding = guessEncoding(sample, declared, complete && sample.length === bytes.length)
  if (!encoding) return rejectBinary(sample, options)
  const head = new TextDecoder(encoding.encoding, { ignoreBOM: true })
    .decode(sample.subarray(encoding.markBytes, SNIFF_LENGTH * 2))
    .slice(0, SNIFF_LENGTH)
  if (head.startsWith('{\\rtf')) {
    return rejected('UNSUPPORTED_FORMAT', 'The file is an RTF document; save it as DOCX or PDF.')
  }
  return { format: textKind(head, options), ...encoding }
}

/**
 * The same as `detectFormat`, with a refusal as an exception.
 *
 * @throws DocumentError
 */
export function requireFormat(
  bytes: Uint8Array,
  options: DetectOptions = {},
): Exclude<Detection, { rejected: unknown }> {
  const detection = detectFormat(bytes, options)
  if ('rejected' in detection) throw new DocumentError(detection.rejected, detection.message)
  return detection
}

function textKind(head: string, options: DetectOptions): 'html' | 'markdown' | 'text' {
  const mimeType = options.contentType?.split(';', 1)[0]?.trim().toLowerCase()
  const name = options.fileName ?? ''
  const start = skipProlog(head)
  if (STRONG_HTML.test(start)) return 'html'
  if (MARKDOWN_NAME.test(name) || mimeType === 'text/markdown') return 'markdown'
  const called = HTML_NAME.test(name) || mimeType === 'text/html' || mimeType === 'application/xhtml+xml'
  if (called && head.includes('<')) return 'html'
  const unnamed = !TEXT_NAME.test(name)
  return unnamed && WEAK_HTML.test(start) ? 'html' : 'text'
}

/** What follows white space, comments and processing instructions at the start. */
function skipProlog(head: string): string {
  let at = 0
  for (;;) {
    while (at < head.length && head.charCodeAt(at) <= 0x20) at++
    const end = head.startsWith('<!--', at)
      ? head.indexOf('-->', at + 4) + 3
      : head.startsWith('<?', at)
        ? head.indexOf('>', at) + 1
        : 0
    if (end <= at) return head.slice(at)
    at = end
  }
}

/** The character set of the MIME type, else of an HTML meta element in the first kilobyte (WHATWG HTML 13.2.3.2). */
function declaredEncoding(bytes: Uint8Array, contentType: string | null | undefined): string | null {
  const fromType = /charset\s{0,8}=\s{0,8}["']?([a-z0-9_:.+-]{1,40})/i.exec(contentType ?? '')?.[1]
  if (knownLabel(fromType)) return fromType ?? null
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 1024))
  for (let at = head.indexOf('<'); at >= 0; at = head.indexOf('<', at + 1)) {
    if (head.slice(at + 1, at + 5).toLowerCase() !== 'meta') continue
    const element = head.slice(at, head.indexOf('>', at) + 1 || undefined)
    const label = /charset\s{0,8}=\s{0,8}["']?\s{0,8}([a-z0-9_:.+-]{1,40})/i.exec(element)?.[1]
    if (label) return label
  }
  return null
}

function detectArchive(bytes: Uint8Array, complete: boolean, limits: DocumentLimits): Detection {
  if (!complete) {
    const head = new TextDecoder('latin1').decode(bytes)
    const has = (part: string) => head.includes(part)
    const isDocx = has('word/') || (has('[Content_Types].xml') && !has('xl/') && !has('ppt/'))
    return isDocx ? found('docx') : rejectArchive(has)
  }
  try {
    const names = readArchive(bytes, limits).map((entry) => entry.name)
    const has = (part: string) => names.some((name) => name.startsWith(part))
    return has('[Content_Types].xml') && has('word/') ? found('docx') : rejectArchive(has)
  } catch (error) {
    if (error instanceof DocumentError) return rejected(error.code, error.message)
    throw error
  }
}

function rejectArchive(has: (part: string) => boolean): Detection {
  const kind = has('xl/')
    ? 'an Excel workbook'
    : has('ppt/')
      ? 'a PowerPoint presentation'
      : has('META-INF/MANIFEST.MF')
        ? 'a Java archive'
        : has('mimetype')
          ? 'an OpenDocument or EPUB file'
          : 'a ZIP archive'
  return rejected('UNSUPPORTED_FORMAT', `The file is ${kind}, which is not read.`)
}

/** Microsoft's compound file holds the old Office formats, and the new ones when they are encrypted (MS-OFFCRYPTO 2.3). */
function detectCompoundFile(bytes: Uint8Array): Detection {
  const streamName = Buffer.from('EncryptedPackage', 'utf16le')
  if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(streamName)) {
    return rejected('ENCRYPTED_DOCUMENT', 'The document is protected by a password.')
  }
  return rejected(
    'UNSUPPORTED_FORMAT',
    'The file is in an old Office format (.doc, .xls, .ppt, .msg); save it as DOCX or PDF.',
  )
}

function rejectBinary(bytes: Uint8Array, options: DetectOptions): Detection {
  const name = binaryFormatName(bytes)
  if (name) return rejected('UNSUPPORTED_FORMAT', `The file is ${name}, which is not read.`)
  const called = TEXT_NAME.test(options.fileName ?? '') || /^text\//i.test(options.contentType ?? '')
  return called
    ? rejected('UNKNOWN_ENCODING', 'The file is called a text, but it is in no character encoding that is known here.')
    : rejected('UNSUPPORTED_FORMAT', 'The file is in no format that is read here (PDF, DOCX, HTML, Markdown, text).')
}

/**
 * Whether a PDF begins behind other bytes: readers accept its header within the first kilobyte (PDF Reference 1.7,
 * implementation note 13). A text that merely speaks of the header does not end as a PDF does.
 */
function isShiftedPdf(bytes: Uint8Array): boolean {
  const latin1 = new TextDecoder('latin1')
  if (!latin1.decode(bytes.subarray(0, PDF_HEADER_SEARCH_BYTES)).includes('%PDF-')) return false
  return latin1.decode(bytes.subarray(-PDF_TRAILER_SEARCH_BYTES)).includes('startxref')
}

function found(format: DocumentFormat): Detection {
  return { format, encoding: null, markBytes: 0 }
}

function rejected(code: DocumentErrorCode, message: string): Detection {
  return { rejected: code, message }
}
