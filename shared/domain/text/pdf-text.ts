import { joinLines, type LineBreak } from './pdf-joins.ts'
import type { Segment } from './pdf-layout.ts'

/** Words seen in a document, in lower case, to tell "infra-structure" cut at a line's end from "well-known". */
export class Vocabulary {
  readonly #words = new Set<string>()

  /** Adds a page's words, save those beside a line break's hyphen: whether these are words is the question. */
  add(segments: readonly Segment[]): void {
    let afterHyphen = false
    for (const { text } of segments) {
      if (this.#words.size > MAXIMUM_WORDS) return
      const words = text.match(/[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*/gu) ?? []
      const endsInHyphen = /[-\u00ad]$/.test(text)
      for (const word of words.slice(afterHyphen ? 1 : 0, endsInHyphen ? -1 : undefined)) {
        if (word.length <= MAXIMUM_WORD_LENGTH) this.#words.add(word.toLowerCase())
      }
      afterHyphen = endsInHyphen
    }
  }

  has(word: string): boolean {
    return this.#words.has(word)
  }
}

const MAXIMUM_WORDS = 200_000
const MAXIMUM_WORD_LENGTH = 40
// In ems of the font size.
const LEAST_LEADING = 0.7
const MOST_LEADING = 1.9
const LEADING_TOLERANCE = 0.25
const PARAGRAPH_LEADING = 1.6
const INDENT = 0.8
const HANGING_INDENT = 3.5
const SAME_EDGE = 0.5
const MAXIMUM_BLOCKS_COMPARED = 400
const BULLET =
  /^(?:[•◦▪▫●○■□‣⁃∙·➢➤✓\uf0a7\uf0b7\uf0d8*–—-]|o(?=\s)|\(?\d{1,2}[.)](?=\s)|\d{1,2}(?:\.\d{1,2}){1,4}(?=\s)|\(?[a-z][.)](?=\s))/u

type Block = Segment[]

/**
 * Writes a page's segments as text: lines of a paragraph or table cell flow together, cells of a row are set apart by
 * tabs, other lines by line feeds, paragraphs by an empty line.
 *
 * @param segments in reading order
 * @param vocabulary must hold this page's words already
 */
export function pageText(segments: readonly Segment[], vocabulary: Vocabulary): string {
  const margins = new Margins(segments)
  const blocks = putBackLines(blocksOf(segments), margins)
  let text = ''
  let previous: Block | undefined
  for (const block of blocks) {
    if (previous) text += separatorBetween(previous, block[0]!)
    text += blockText(block, margins, vocabulary)
    previous = block
  }
  return text
}

function blocksOf(segments: readonly Segment[]): Block[] {
  const blocks: Block[] = []
  let block: Block | undefined
  for (const segment of segments) {
    const fit = block ? fitOf(block, segment) : 'apart'
    if (block && fit === 'next') {
      block.push(segment)
      continue
    }
    // The gap above the last line was that of a new paragraph, which begins with that line.
    const first = block && fit === 'tighter' ? block.pop() : undefined
    block = first ? [first, segment] : [segment]
    blocks.push(block)
  }
  return blocks
}

/** How a line stands to a block: the next one in it, closer to its last line than the others are, or apart. */
function fitOf(block: Block, next: Segment): 'next' | 'tighter' | 'apart' {
  const last = block.at(-1)!
  const em = last.size
  const step = last.y - next.y
  if (next.sameRow || next.angle !== last.angle || Math.abs(next.size - em) > em * 0.15) return 'apart'
  if (step < em * LEAST_LEADING || step > em * MOST_LEADING || BULLET.test(next.text)) return 'apart'
  if (next.x0 >= last.x1 || !isIndentedAlike(block, next)) return 'apart'
  const before = block.at(-2)
  const difference = before ? before.y - last.y - step : 0
  if (Math.abs(difference) <= em * LEADING_TOLERANCE) return 'next'
  return difference > 0 ? 'tighter' : 'apart'
}

/** The second line may hang under a bullet's text, or stand left of an indented first line; the rest keep the edge. */
function isIndentedAlike(block: Block, next: Segment): boolean {
  const last = block.at(-1)!
  const shift = (next.x0 - last.x0) / last.size
  if (Math.abs(shift) <= INDENT) return true
  const bullet = BULLET.test(last.text)
  return block.length === 1 && Math.abs(shift) <= HANGING_INDENT && shift > 0 === bullet
}

/**
 * Moves a line that was drawn too early (links are) to the end of the block that it continues: the block whose last
 * line is full and stands just above it at the same left edge.
 */
function putBackLines(blocks: Block[], margins: Margins): Block[] {
  if (blocks.length > MAXIMUM_BLOCKS_COMPARED) return blocks
  const moved = new Set<Block>()
  for (const [index, stray] of blocks.entries()) {
    if (stray.length !== 1) continue
    const host = blocks.slice(index + 1).find((block) => {
      const last = block.at(-1)!
      const sameEdge = Math.abs(last.x0 - stray[0]!.x0) <= last.size * SAME_EDGE
      return !moved.has(block) && sameEdge && fitOf(block, stray[0]!) === 'next' && margins.at(last, stray[0]!).soft
    })
    if (!host) continue
    host.push(stray[0]!)
    moved.add(stray)
  }
  return blocks.filter((block) => !moved.has(block))
}

function blockText(block: Block, margins: Margins, vocabulary: Vocabulary): string {
  const lines = block.map((segment) => segment.text.trim())
  let text = lines[0]!
  let at = 1
  while (at < lines.length) {
    const lineBreak = margins.at(block[at - 1]!, block[at]!)
    // The lower end of what was joined so far is enough to judge by, and keeps the cost of long blocks linear.
    const upper = text.slice(-TAIL_LENGTH)
    const joint = joinLines(upper, lines.slice(at, at + LOOK_AHEAD_LINES), lineBreak, (word) => vocabulary.has(word))
    if (joint.drop > 0) text = text.slice(0, -joint.drop)
    text += joint.separator + lines.slice(at, at + joint.lines).join('')
    at += joint.lines
  }
  return text
}

const TAIL_LENGTH = 2048
const LOOK_AHEAD_LINES = 12

function separatorBetween(previous: Block, next: Segment): string {
  const last = previous.at(-1)!
  const em = last.size
  const beside = next.y <= previous[0]!.y + em * SAME_EDGE && next.y >= last.y - em * SAME_EDGE
  if (next.sameRow || (beside && previous.every((line) => next.x0 > line.x1))) return '\t'
  return last.y - next.y > em * PARAGRAPH_LEADING || last.angle !== next.angle ? '\n\n' : '\n'
}

/** The right margins of a page, learnt from the lines that share a left edge (a column, a table column). */
class Margins {
  readonly #columns = new Map<string, { right: number; lines: number[] }>()

  constructor(segments: readonly Segment[]) {
    for (const segment of segments) {
      const key = columnKey(segment, 0)
      const column = this.#columns.get(key)
      if (!column) this.#columns.set(key, { right: segment.x1, lines: [segment.x1] })
      else {
        column.right = Math.max(column.right, segment.x1)
        column.lines.push(segment.x1)
      }
    }
  }

  /** How the break between two lines of a block came about. */
  at(upper: Segment, lower: Segment): LineBreak {
    const right = Math.max(this.#rightOf(upper), this.#rightOf(lower))
    const text = lower.text.trim()
    const unit = (lower.x1 - lower.x0) / Math.max(1, relativeWidth(text))
    const character = unit * AVERAGE_WIDTH
    const firstWord = relativeWidth(`${text.split(/\s/, 1)[0]} `) * unit
    const room = right - upper.x1
    const supported = this.#linesReaching(upper, right - character) + this.#linesReaching(lower, right - character) > 1
    return { soft: room < firstWord * WIDTH_TOLERANCE, full: room < character && supported }
  }

  #rightOf(segment: Segment): number {
    return Math.max(...NEIGHBOURS.map((shift) => this.#columns.get(columnKey(segment, shift))?.right ?? 0), segment.x1)
  }

  #linesReaching(segment: Segment, right: number): number {
    let count = 0
    for (const x1 of this.#columns.get(columnKey(segment, 0))?.lines ?? []) {
      if (x1 >= right && ++count > 1) break
    }
    return count
  }
}

const NEIGHBOURS = [-1, 0, 1]
const COLUMN_POINTS = 3

function columnKey(segment: Segment, shift: number): string {
  return `${segment.angle}:${Math.round(segment.x0 / COLUMN_POINTS) + shift}`
}

// Widths of letters in a proportional typeface, against one another; in a fixed one the tolerance makes up for it.
const AVERAGE_WIDTH = 5
const WIDTH_TOLERANCE = 1.4

function relativeWidth(text: string): number {
  let width = 0
  for (const character of text) {
    width += /[ijlI.,;:'|!()[\]ftr \t-]/.test(character)
      ? 3
      : /[mwMW@%—]/.test(character)
        ? 8
        : /[A-Z]/.test(character)
          ? 6.5
          : 5
  }
  return width
}
