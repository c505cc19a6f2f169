import type { PageSpan } from '../extraction/types.ts'
import { DocumentError } from './errors.ts'
import type { DocumentLimits } from './limits.ts'
import { layOutLines, type PageRun } from './pdf-layout.ts'
import { pageText, Vocabulary } from './pdf-text.ts'
import { plainCharacters } from './text-builder.ts'

/** The text of a PDF with the span of each page in it. */
export interface PdfText {
  text: string
  pages: PageSpan[]
  title: string | null
  /** Numbers of pages that are damaged; the others were read. */
  unreadablePages: number[]
}

interface PdfDocument {
  numPages: number
  getPage(number: number): Promise<PdfPage>
  getMetadata(): Promise<{ info?: object }>
}

interface PdfPage {
  getTextContent(): Promise<{ items: readonly object[] }>
  cleanup(): unknown
}

interface TextItem {
  str: string
  /** PDF text matrix a b c d e f (ISO 32000-1, 9.4.4). */
  transform: readonly number[]
  width: number
  height: number
}

const PAGE_SEPARATOR = '\n\n'

/**
 * Reads a PDF's text layer page by page. Nothing in it is executed, fetched or drawn; fonts are not loaded from the
 * system. Takes over the buffer of `bytes`: it may be detached afterwards.
 *
 * @param bytes the whole file
 * @throws DocumentError ENCRYPTED_DOCUMENT, BROKEN_DOCUMENT, TOO_MANY_PAGES, TEXT_TOO_LARGE, NO_TEXT_LAYER
 */
export async function readPdf(bytes: Uint8Array, limits: DocumentLimits): Promise<PdfText> {
  const { getResolvedPDFJS } = await import('unpdf')
  const { getDocument } = await getResolvedPDFJS()
  const loading = getDocument({
    data: bytes,
    verbosity: 0,
    useSystemFonts: false,
    disableFontFace: true,
    useWorkerFetch: false,
    useWasm: false,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
    enableXfa: false,
    maxImageSize: 1,
    BinaryDataFactory: NoFiles,
  })
  try {
    return await readPages(await openDocument(loading.promise), limits)
  } finally {
    await loading.destroy()
  }
}

/** Stands where pdf.js would load character maps and fonts from files or addresses. */
class NoFiles {
  async fetch(): Promise<never> {
    throw new Error('Files outside the document are not loaded.')
  }
}

async function openDocument(opening: Promise<unknown>): Promise<PdfDocument> {
  try {
    return (await opening) as PdfDocument
  } catch (error) {
    if (error instanceof Error && error.name === 'PasswordException') {
      throw new DocumentError('ENCRYPTED_DOCUMENT', 'The PDF is protected by a password.', { cause: error })
    }
    throw new DocumentError('BROKEN_DOCUMENT', 'The PDF is damaged or cut off.', { cause: error })
  }
}

async function readPages(document: PdfDocument, limits: DocumentLimits): Promise<PdfText> {
  if (document.numPages > limits.pages) {
    throw new DocumentError(
      'TOO_MANY_PAGES',
      `The PDF has ${document.numPages} pages; at most ${limits.pages} are read.`,
    )
  }
  const pages: PageSpan[] = []
  const unreadablePages: number[] = []
  const vocabulary = new Vocabulary()
  const parts: string[] = []
  let length = 0
  for (let number = 1; number <= document.numPages; number++) {
    let text = ''
    try {
      text = await readPage(document, number, vocabulary)
    } catch {
      unreadablePages.push(number)
    }
    if (length > 0 && text !== '') {
      parts.push(PAGE_SEPARATOR)
      length += PAGE_SEPARATOR.length
    }
    parts.push(text)
    pages.push({ number, start: length, end: length + text.length })
    length += text.length
    if (length > limits.textLength) {
      throw new DocumentError('TEXT_TOO_LARGE', `The PDF holds more than ${limits.textLength} characters of text.`)
    }
  }
  if (unreadablePages.length === document.numPages)
    throw new DocumentError('BROKEN_DOCUMENT', 'No page of the PDF can be read.')
  const text = parts.join('')
  if (!/[\p{L}\p{N}]/u.test(text)) {
    throw new DocumentError(
      'NO_TEXT_LAYER',
      'The PDF has no text layer; it is probably a scan. Run text recognition on it first.',
    )
  }
  return { text, pages, title: await titleOf(document), unreadablePages }
}

async function readPage(document: PdfDocument, number: number, vocabulary: Vocabulary): Promise<string> {
  const page = await document.getPage(number)
  try {
    const { items } = await page.getTextContent()
    const segments = layOutLines(items.filter(isTextItem).map(runOf))
    vocabulary.add(segments)
    return plainCharacters(pageText(segments, vocabulary))
  } finally {
    page.cleanup()
  }
}

function isTextItem(item: object): item is TextItem {
  return 'str' in item && 'transform' in item
}

function runOf({ str, transform, width }: TextItem): PageRun {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = transform
  const angle = Math.round((Math.atan2(b, a) * 180) / Math.PI)
  const radians = (angle * Math.PI) / 180
  return {
    text: str,
    x: e * Math.cos(radians) + f * Math.sin(radians),
    y: f * Math.cos(radians) - e * Math.sin(radians),
    width,
    size: Math.hypot(c, d) || 1,
    angle,
  }
}

async function titleOf(document: PdfDocument): Promise<string | null> {
  try {
    const { info } = await document.getMetadata()
    const title = info && 'Title' in info && typeof info.Title === 'string' ? info.Title.trim() : ''
    return title === '' ? null : title
  } catch {
    return null
  }
}
