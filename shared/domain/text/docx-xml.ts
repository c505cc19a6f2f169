import { Parser } from 'htmlparser2'
import { DocumentError } from './errors.ts'
import type { DocumentLimits } from './limits.ts'
import { TextBuilder, type TextMark } from './text-builder.ts'

// Properties hold no text, but elements that mean something else there (w:tab defines a tab stop).
const PROPERTIES = /Pr$/
// Deleted and moved-away text is no longer in the document; Fallback repeats its Choice for older readers.
const LEFT_OUT = new Set(['del', 'moveFrom', 'instrText', 'delText', 'Fallback', 'tblGrid', 'sectPr', 'binData'])
const OFF = new Set(['0', 'false', 'off'])

interface OpenElement {
  name: string
  mark: TextMark
  leftOut: boolean
  /** Set on a run (w:r) whose properties say so. */
  hidden: boolean
  raised: boolean
  /** Set on a paragraph (w:p) that is a list item. */
  listed: boolean
}

/**
 * Writes the text of one WordprocessingML part: paragraphs as lines, table cells apart by tabs, text boxes after the
 * paragraph that anchors them (ISO/IEC 29500-1, 17.3 and 17.4). Deleted and hidden text is left out.
 */
export class WordText {
  readonly #limits: DocumentLimits
  readonly #open: OpenElement[] = []
  // The innermost text box is written to the last one; the first is the part itself.
  readonly #builders: TextBuilder[]
  #boxes: string[] = []
  #cellDepth = 0
  readonly #parser: Parser

  constructor(limits: DocumentLimits) {
    this.#limits = limits
    this.#builders = [new TextBuilder(limits.textLength)]
    this.#parser = new Parser(
      {
        onopentag: (name, attributes) => this.#openElement(localName(name), attributes),
        ontext: (text) => this.#text(text),
        onclosetag: (name) => this.#closeElement(localName(name)),
      },
      { xmlMode: true, decodeEntities: true },
    )
  }

  /** Reads the next piece of the part's XML. */
  write(xml: string): void {
    this.#parser.write(xml)
  }

  /** Ends the part and gives its text. */
  end(): string {
    this.#parser.end()
    return this.#builders[0]!.toString()
  }

  get #builder(): TextBuilder {
    return this.#builders.at(-1)!
  }

  #openElement(name: string, attributes: Record<string, string>): void {
    if (this.#open.length >= this.#limits.nesting) {
      throw new DocumentError('NESTING_TOO_DEEP', `The document nests elements more than ${this.#limits.nesting} deep.`)
    }
    const parent = this.#open.at(-1)
    const leftOut = parent?.leftOut || parent?.hidden || LEFT_OUT.has(name) || PROPERTIES.test(name)
    this.#open.push({
      name,
      mark: this.#builder.mark(),
      leftOut: leftOut ?? false,
      hidden: false,
      raised: parent?.raised ?? false,
      listed: false,
    })
    if (parent?.name === 'rPr') this.#runProperty(name, attributes)
    if (parent?.name === 'pPr' && name === 'numPr') this.#markListed()
    if (leftOut) return
    if (name === 'tab' || name === 'ptab') this.#builder.separate('\t')
    else if (name === 'br' || name === 'cr') this.#builder.separate('\n')
    else if (name === 'noBreakHyphen') this.#builder.verbatim('-')
    else if (name === 'txbxContent') this.#builders.push(new TextBuilder(this.#limits.textLength))
    else if (name === 'tc') this.#cellDepth++
  }

  #markListed(): void {
    const paragraph = this.#open.at(-3)
    if (paragraph) paragraph.listed = true
  }

  #runProperty(name: string, attributes: Record<string, string>): void {
    const run = this.#open.at(-3)
    if (run?.name !== 'r') return
    const value = attributeOf(attributes, 'val')
    if (name === 'vanish' && !OFF.has(value ?? '')) run.hidden = true
    if (name === 'vertAlign' && value === 'superscript') run.raised = true
  }

  #text(text: string): void {
    const element = this.#open.at(-1)
    if (element?.name !== 't' || element.leftOut) return
    // A footnote number must not become part of the domain or hash it stands behind.
    if (element.raised && /^[\d[(]/.test(text)) this.#builder.separate(' ')
    this.#builder.flow(text)
  }

  #closeElement(name: string): void {
    const element = this.#open.pop()
    if (!element || element.leftOut) return
    if (name === 'p') this.#endParagraph(element.listed || this.#cellDepth > 0 ? '\n' : '\n\n')
    else if (name === 'tc') {
      this.#cellDepth--
      this.#builder.endUnit(element.mark, '\t')
    } else if (name === 'tr') this.#builder.endUnit(element.mark, '\n')
    else if (name === 'tbl') this.#builder.separate('\n\n')
    else if (name === 'txbxContent' && this.#builders.length > 1) this.#boxes.push(this.#builders.pop()!.toString())
  }

  #endParagraph(separator: '\n' | '\n\n'): void {
    this.#builder.separate(separator)
    if (this.#boxes.length === 0 || this.#builders.length > 1) return
    for (const box of this.#boxes) {
      this.#builder.verbatim(box)
      this.#builder.separate('\n\n')
    }
    this.#boxes = []
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function attributeOf(attributes: Record<string, string>, name: string): string | undefined {
  for (const key in attributes) {
    if (localName(key) === name) return attributes[key]
  }
  return undefined
}
