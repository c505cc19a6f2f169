import { Parser } from 'htmlparser2'
import { DocumentError } from './errors.ts'
import type { DocumentLimits } from './limits.ts'
import { TextBuilder, type TextMark } from './text-builder.ts'

/** The visible text of an HTML page and its title element. */
export interface HtmlText {
  text: string
  title: string | null
}

const CHUNK_BYTES = 64 * 1024

// The parser reads these as raw text, so their end is certain.
const RAW = new Set(['script', 'style', 'title'])
// Never shown, or not text. `noscript` is left out because what it says is "enable JavaScript" or a tracking pixel.
const UNSEEN = new Set(
  'noscript template svg math canvas iframe object applet audio video select datalist dialog noframes'.split(' '),
)
const PARAGRAPHS = new Set(
  'p h1 h2 h3 h4 h5 h6 pre blockquote table ul ol dl figure section article header footer main aside nav form hr'.split(
    ' ',
  ),
)
const LINES = new Set(
  (
    'html body div address li dt dd tr caption thead tbody tfoot fieldset legend details summary figcaption center ' +
    'textarea hgroup search menu'
  ).split(' '),
)
const CELLS = new Set(['td', 'th'])
const HIDDEN_STYLE = /(?:^|;)\s{0,16}(?:display\s{0,16}:\s{0,16}none|visibility\s{0,16}:\s{0,16}hidden)/i
// A menu is nearly all links; a table of contents with explanations, or a whole page inside a nav, is not.
const MENU_LINK_SHARE = 0.6

interface OpenElement {
  name: string
  raw: boolean
  preformatted: boolean
  /** What to take back when the element's own end tag comes: always for an unseen one, for a menu if it is links. */
  unseen: 'always' | 'menu' | null
  mark: TextMark
  linkLengthBefore: number
}

/**
 * Extracts what a reader of an HTML page sees: block elements become lines, table cells are set apart by tabs, scripts,
 * styles, hidden elements and link menus (`nav`) are left out. Link targets are not part of the text: in a report they
 * lead to sources, while indicators are written out. Nothing is fetched and nothing runs.
 *
 * @param bytes the page after its byte order mark
 * @param encoding WHATWG encoding name
 * @throws DocumentError NESTING_TOO_DEEP, TEXT_TOO_LARGE
 */
export function readHtml(bytes: Uint8Array, encoding: string, limits: DocumentLimits): HtmlText {
  const page = new PageText(limits)
  const parser = new Parser(
    {
      onopentag: (name, attributes) => page.open(name, attributes),
      ontext: (text) => page.text(text),
      onclosetag: (name, implied) => page.close(name, implied),
    },
    { decodeEntities: true },
  )
  const decoder = new TextDecoder(encoding, { ignoreBOM: true })
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    parser.write(decoder.decode(bytes.subarray(at, at + CHUNK_BYTES), { stream: true }))
  }
  parser.write(decoder.decode())
  parser.end()
  return { text: page.builder.toString(), title: page.title() }
}

class PageText {
  readonly builder: TextBuilder
  readonly #limits: DocumentLimits
  readonly #open: OpenElement[] = []
  readonly #titleBuilder: TextBuilder
  #titleState: 'none' | 'open' | 'done' = 'none'
  #linkDepth = 0
  #linkLength = 0

  constructor(limits: DocumentLimits) {
    this.#limits = limits
    this.builder = new TextBuilder(limits.textLength)
    this.#titleBuilder = new TextBuilder(limits.textLength)
  }

  title(): string | null {
    const title = this.#titleBuilder.toString()
    return title === '' ? null : title
  }

  open(name: string, attributes: Record<string, string>): void {
    if (this.#open.length >= this.#limits.nesting) {
      throw new DocumentError('NESTING_TOO_DEEP', `The page nests elements more than ${this.#limits.nesting} deep.`)
    }
    // A page's own title stands before any text; a later one belongs to a picture.
    if (name === 'title' && this.#titleState === 'none' && this.builder.length === 0 && !this.#inPicture()) {
      this.#titleState = 'open'
    }
    const unseen = UNSEEN.has(name) || isHidden(attributes) ? 'always' : isNavigation(name, attributes) ? 'menu' : null
    const parent = this.#open.at(-1)
    this.#open.push({
      name,
      raw: RAW.has(name),
      preformatted: parent?.preformatted || name === 'pre' || name === 'textarea',
      unseen,
      mark: this.builder.mark(),
      linkLengthBefore: this.#linkLength,
    })
    if (name === 'a') this.#linkDepth++
    this.#breakAround(name)
  }

  text(text: string): void {
    if (this.#titleState === 'open') {
      this.#titleBuilder.flow(text)
      return
    }
    const element = this.#open.at(-1)
    if (element?.raw) return
    const before = this.builder.length
    // A footnote number must not become part of the domain or hash it stands behind.
    if (element?.name === 'sup' && /^[\d[(]/.test(text)) this.builder.separate(' ')
    if (element?.preformatted) this.builder.verbatim(text)
    else this.builder.flow(text)
    if (this.#linkDepth > 0) this.#linkLength += this.builder.length - before
  }

  close(name: string, implied: boolean): void {
    const element = this.#open.pop()
    if (!element) return
    if (name === 'title' && this.#titleState === 'open') this.#titleState = 'done'
    if (name === 'a') this.#linkDepth--
    if (!implied) this.#takeBack(element)
    if (CELLS.has(name)) this.builder.endUnit(element.mark, '\t')
    else if (name === 'tr') this.builder.endUnit(element.mark, '\n')
    else this.#breakAround(name)
  }

  #breakAround(name: string): void {
    if (PARAGRAPHS.has(name)) this.builder.separate(this.#inCell() ? '\n' : '\n\n')
    else if (name === 'br' || LINES.has(name)) this.builder.separate('\n')
  }

  /** Only what an element's own end tag closed is taken back: a forgotten end tag must not take the page with it. */
  #takeBack(element: OpenElement): void {
    if (!element.unseen) return
    const length = this.builder.length - element.mark.length
    const links = this.#linkLength - element.linkLengthBefore
    if (element.unseen === 'menu' && links < length * MENU_LINK_SHARE) return
    this.builder.rollback(element.mark)
    this.#linkLength = element.linkLengthBefore
  }

  #inPicture(): boolean {
    return this.#open.some((element) => element.name === 'svg')
  }

  #inCell(): boolean {
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const name = this.#open[i]!.name
      if (CELLS.has(name)) return true
      if (name === 'table') return false
    }
    return false
  }
}

function isHidden(attributes: Record<string, string>): boolean {
  if (attributes.hidden !== undefined && attributes.hidden !== 'until-found') return true
  const style = attributes.style
  return style !== undefined && style.length < 4096 && HIDDEN_STYLE.test(style)
}

function isNavigation(name: string, attributes: Record<string, string>): boolean {
  return name === 'nav' || attributes.role === 'navigation'
}
