import { DocumentError } from './errors.ts'

const SPACE = 0x20

type Separator = '' | ' ' | '\t' | '\n' | '\n\n'

const STRENGTH: Record<Separator, number> = { '': 0, ' ': 1, '\t': 2, '\n': 3, '\n\n': 4 }

/** A point of a text under construction. */
export interface TextMark {
  pieces: number
  length: number
  pending: Separator
}

/**
 * Builds the visible text of a marked-up document: separators between pieces are remembered and written only when text
 * follows, the strongest wins, and none is written at the start or the end.
 */
export class TextBuilder {
  readonly #maximumLength: number
  #pieces: string[] = []
  #length = 0
  #pending: Separator = ''

  /** @param maximumLength in UTF-16 code units; more is TEXT_TOO_LARGE */
  constructor(maximumLength: number) {
    this.#maximumLength = maximumLength
  }

  get length(): number {
    return this.#length
  }

  /** Adds text in which white space means no more than a space. */
  flow(text: string): void {
    const collapsed = plainCharacters(text).replace(/[ \t\n\v\f\r]+/g, ' ')
    if (collapsed === '') return
    const start = collapsed.charCodeAt(0) === SPACE ? 1 : 0
    const end = collapsed.charCodeAt(collapsed.length - 1) === SPACE ? -1 : undefined
    if (start > 0) this.separate(' ')
    if (collapsed === ' ') return
    this.#write(collapsed.slice(start, end))
    if (end) this.separate(' ')
  }

  /** Adds text in which white space counts (preformatted), with `\r\n` as `\n`. */
  verbatim(text: string): void {
    this.#write(plainCharacters(text).replaceAll('\r\n', '\n'))
  }

  /** Asks for a separator before whatever comes next; a stronger one asked for already stays. */
  separate(separator: Separator): void {
    if (STRENGTH[separator] > STRENGTH[this.#pending]) this.#pending = separator
  }

  /**
   * Ends a table cell or row that began at `mark`: `separator` takes the place of what its content asked for, unless
   * there was no content.
   */
  endUnit(mark: TextMark, separator: Separator): void {
    this.#pending = this.#length === mark.length ? mark.pending : ''
    this.separate(separator)
  }

  mark(): TextMark {
    return { pieces: this.#pieces.length, length: this.#length, pending: this.#pending }
  }

  /** Takes back everything added since `mark`. */
  rollback(mark: TextMark): void {
    this.#pieces.length = mark.pieces
    this.#length = mark.length
    this.#pending = mark.pending
  }

  toString(): string {
    return this.#pieces.join('')
  }

  #write(text: string): void {
    if (text === '') return
    if (this.#length > 0 && this.#pending !== '') this.#push(this.#pending)
    this.#pending = ''
    this.#push(text)
  }

  #push(piece: string): void {
    this.#length += piece.length
    if (this.#length > this.#maximumLength) {
      throw new DocumentError(
        'TEXT_TOO_LARGE',
        `The document holds more than ${this.#maximumLength} characters of text.`,
      )
    }
    this.#pieces.push(piece)
  }
}

/**
 * Gives layout variants of characters their plain form: non-breaking spaces become spaces, the non-breaking hyphen a
 * hyphen, soft hyphens vanish. Zero-width characters stay: they are one way to defang an indicator.
 */
export function plainCharacters(text: string): string {
  if (!LAYOUT_CHARACTER.test(text)) return text
  return text
    .replaceAll('\u00ad', '')
    .replace(/[\u00a0\u2007\u202f]/g, ' ')
    .replaceAll('\u2011', '-')
}

const LAYOUT_CHARACTER = /[\u00ad\u00a0\u2007\u202f\u2011]/
