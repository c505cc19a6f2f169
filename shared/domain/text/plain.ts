import { decodeText } from './encoding.ts'
import { DocumentError } from './errors.ts'
import type { DocumentLimits } from './limits.ts'

/** The text of a plain text or Markdown file. */
export interface PlainText {
  text: string
  title: string | null
  encoding: string
}

const TITLE_SEARCH_LENGTH = 4096

/**
 * Decodes a text file. The text is the file's, character for character, without its byte order mark; line ends stay
 * as they are. So an offset into it is an offset into the file as an editor shows it.
 *
 * @param bytes the whole file
 * @param declared label of the encoding from a MIME type, if any
 * @throws DocumentError UNKNOWN_ENCODING, TEXT_TOO_LARGE
 */
export function readPlain(
  bytes: Uint8Array,
  declared: string | null,
  markdown: boolean,
  limits: DocumentLimits,
): PlainText {
  const decoded = decodeText(bytes, declared)
  if (!decoded) throw new DocumentError('UNKNOWN_ENCODING', 'The text is in no character encoding that is known here.')
  if (decoded.text.length > limits.textLength) {
    throw new DocumentError('TEXT_TOO_LARGE', `The document holds more than ${limits.textLength} characters of text.`)
  }
  return { ...decoded, title: markdown ? markdownTitle(decoded.text) : null }
}

/** The first level-one heading near the start: `# Title`, or a line underlined by `===` (CommonMark 4.2, 4.3). */
function markdownTitle(text: string): string | null {
  const lines = text.slice(0, TITLE_SEARCH_LENGTH).split(/\r\n|\r|\n/)
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('# ')) return trimHeading(line.slice(2)) || null
    const next = lines[index + 1]
    if (line.trim() !== '' && next !== undefined && next.startsWith('=') && next.replaceAll('=', '').trim() === '') {
      return line.trim()
    }
  }
  return null
}

function trimHeading(heading: string): string {
  let end = heading.length
  while (end > 0 && (heading[end - 1] === '#' || heading[end - 1] === ' ')) end--
  return heading.slice(0, end).trim()
}
