import { Parser } from 'htmlparser2'
import { WordText } from './docx-xml.ts'
import { DocumentError } from './errors.ts'
import type { DocumentLimits } from './limits.ts'
import { type ArchiveEntry, readArchive, unpackEntry } from './zip.ts'

/** The text of a DOCX document and the title among its properties. */
export interface DocxText {
  text: string
  title: string | null
}

interface Relationship {
  /** Last part of the relationship's type, e.g. "officeDocument". */
  type: string
  /** Name of the part in the archive. */
  target: string
}

// What follows the body, in this order. Headers and footers come last: they carry the TLP marking.
const ANNEXES = ['footnotes', 'endnotes', 'header', 'footer']
const PART_SEPARATOR = '\n\n'

/**
 * Reads a DOCX document's text: body, footnotes, endnotes, headers and footers, each part streamed from the archive.
 * Macros, links, embedded objects and pictures are not touched. Walks WordprocessingML itself because going through HTML
 * (mammoth) needs the whole tree in memory and loses text boxes and headers.
 *
 * @param bytes the whole file
 * @throws DocumentError BROKEN_DOCUMENT, ENCRYPTED_DOCUMENT, ARCHIVE_BOMB, NESTING_TOO_DEEP, TEXT_TOO_LARGE, NO_TEXT_LAYER
 */
export async function readDocx(bytes: Uint8Array, limits: DocumentLimits): Promise<DocxText> {
  const archive = new Archive(bytes, limits)
  const roots = await archive.relationships('')
  const main = roots.find((relationship) => relationship.type === 'officeDocument')?.target ?? 'word/document.xml'
  if (!archive.has(main)) throw new DocumentError('BROKEN_DOCUMENT', 'The document has no main part.')
  const related = await archive.relationships(main)
  const parts = ANNEXES.flatMap((type) => related.filter((relationship) => relationship.type === type))
  const texts: string[] = []
  let length = 0
  for (const name of new Set([main, ...parts.map((part) => part.target)])) {
    const text = await archive.text(name)
    // A header is stored once per section and page kind, mostly with the same words.
    if (text === '' || (name !== main && texts.includes(text))) continue
    texts.push(text)
    length += text.length + PART_SEPARATOR.length
    if (length > limits.textLength) {
      throw new DocumentError('TEXT_TOO_LARGE', `The document holds more than ${limits.textLength} characters of text.`)
    }
  }
  if (texts.length === 0) throw new DocumentError('NO_TEXT_LAYER', 'The document holds no text, perhaps only pictures.')
  const properties = roots.find((relationship) => relationship.type === 'core-properties')?.target
  return { text: texts.join(PART_SEPARATOR), title: properties ? await archive.title(properties) : null }
}

class Archive {
  readonly #bytes: Uint8Array
  readonly #limits: DocumentLimits
  readonly #entries: Map<string, ArchiveEntry>

  constructor(bytes: Uint8Array, limits: DocumentLimits) {
    this.#bytes = bytes
    this.#limits = limits
    this.#entries = new Map(readArchive(bytes, limits).map((entry) => [entry.name, entry]))
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  async text(name: string): Promise<string> {
    const word = new WordText(this.#limits)
    await this.#stream(name, (xml) => word.write(xml))
    return word.end()
  }

  /** The relationships of a part, or of the package when `part` is empty (ISO/IEC 29500-2, 9.3). */
  async relationships(part: string): Promise<Relationship[]> {
    const slash = part.lastIndexOf('/') + 1
    const folder = part.slice(0, slash)
    const found: Relationship[] = []
    await this.#elements(`${folder}_rels/${part.slice(slash)}.rels`, (name, attributes) => {
      const { Type: type, Target: target, TargetMode: mode } = attributes
      if (name !== 'Relationship' || !type || !target || mode === 'External') return
      found.push({ type: type.slice(type.lastIndexOf('/') + 1), target: resolvePart(folder, target) })
    })
    return found
  }

  /** The title of the core properties part (Dublin Core dc:title). */
  async title(name: string): Promise<string | null> {
    let title = ''
    let inside = false
    await this.#elements(
      name,
      (element) => {
        inside = element === 'dc:title'
      },
      (text) => {
        if (inside && title.length < 4096) title += text
      },
      () => {
        inside = false
      },
    )
    return title.trim() === '' ? null : title.trim()
  }

  async #elements(
    name: string,
    onopentag: (name: string, attributes: Record<string, string>) => void,
    ontext: (text: string) => void = () => {},
    onclosetag: () => void = () => {},
  ): Promise<void> {
    const parser = new Parser({ onopentag, ontext, onclosetag }, { xmlMode: true, decodeEntities: true })
    await this.#stream(name, (xml) => parser.write(xml))
    parser.end()
  }

  /** Decodes a part piece by piece; a part that isn't there is empty. */
  async #stream(name: string, write: (xml: string) => void): Promise<void> {
    const entry = this.#entries.get(name)
    if (!entry) return
    let decode: ((chunk?: Uint8Array) => string) | undefined
    for await (const chunk of unpackEntry(this.#bytes, entry)) {
      decode ??= streamDecoder(xmlEncoding(chunk))
      write(decode(chunk))
    }
    if (decode) write(decode())
  }
}

/** XML in an Office package is UTF-8 or UTF-16 (ISO/IEC 29500-2, 8.1.4); the decoder takes the byte order mark off. */
function xmlEncoding(start: Uint8Array): string {
  const [first, second] = start
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le'
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return 'utf-16be'
  return 'utf-8'
}

/** Decodes chunk after chunk; the call without one gives what is left of a character that was cut off. */
function streamDecoder(encoding: string): (chunk?: Uint8Array) => string {
  const decoder = new TextDecoder(encoding)
  return (chunk) => decoder.decode(chunk, { stream: chunk !== undefined })
}

function resolvePart(folder: string, target: string): string {
  const path = target.startsWith('/') ? target.slice(1) : folder + target
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}
