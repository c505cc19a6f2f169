/** One run of glyphs on a page, in PDF user space (points, y upwards), rotated upright. */
export interface PageRun {
  text: string
  /** Left end of the baseline. */
  x: number
  y: number
  width: number
  /** Font size in points. */
  size: number
  /** Quarter turns and other angles in whole degrees; runs of different angles share no line. */
  angle: number
}

/** A stretch of one line with no wide gap in it: a line of prose, or of one table cell. */
export interface Segment {
  text: string
  x0: number
  x1: number
  y: number
  size: number
  angle: number
  /** Follows the segment before it on the same baseline, across a wide gap. */
  sameRow: boolean
}

interface Piece {
  text: string
  x0: number
  x1: number
  spaceBefore: boolean
}

interface Line {
  pieces: Piece[]
  y: number
  size: number
  angle: number
}

// All in ems of the line's font size.
const BASELINE_TOLERANCE = 0.35
const WORD_GAP = 0.16
const CELL_GAP = 1.5
// Enough where the right side starts at an edge at which other lines of the page start.
const NARROW_CELL_GAP = 0.5
const ADJACENT_GAP = 0.6
const GAP_INSIDE = 1.2
const OVERLAP_TOLERANCE = 0.3
// Pages with more lines at one height than this are no text; comparing them all would be quadratic.
const MAXIMUM_LINES_A_ROW = 200
const LINES_OF_A_COLUMN = 3
// A bullet and its text are one line however wide the gap.
const MARKER = /^\s?(?:[^\p{L}\p{N}]|o)\s?$/u
const MARKER_GAP = 3.5

/**
 * Makes line segments of a page's glyph runs, in the order in which the page draws them. That order follows the author's
 * reading order far better than coordinates do (columns, table cells), except for runs that the producer draws apart,
 * such as links: those are put back into the gap that they fill.
 *
 * @param runs as drawn
 */
export function layOutLines(runs: readonly PageRun[]): Segment[] {
  const lines = putBackStrays(drawnLines(runs))
  const columns = columnStarts(lines)
  return lines.flatMap((line) => segmentsOf(line, columns))
}

function drawnLines(runs: readonly PageRun[]): Line[] {
  const lines: Line[] = []
  let line: Line | undefined
  let spaceBefore = false
  for (const run of runs) {
    if (run.text.trim() === '') {
      spaceBefore ||= run.text !== ''
      continue
    }
    const last = line?.pieces.at(-1)
    if (line && last && continuesLine(line, last, run)) {
      if (isRepainted(last, run)) continue
      const raisedNote = run.size < line.size * 0.8 && run.y > line.y && /^[\d[(]/.test(run.text)
      line.pieces.push({ text: run.text, x0: run.x, x1: run.x + run.width, spaceBefore: spaceBefore || raisedNote })
      // A line that begins with a raised footnote number has the baseline of what follows.
      if (run.size > line.size * 1.2) Object.assign(line, { y: run.y, size: run.size })
    } else {
      const piece = { text: run.text, x0: run.x, x1: run.x + run.width, spaceBefore: false }
      line = { pieces: [piece], y: run.y, size: run.size, angle: run.angle }
      lines.push(line)
    }
    spaceBefore = false
  }
  return lines
}

function continuesLine(line: Line, last: Piece, run: PageRun): boolean {
  const em = Math.max(line.size, run.size)
  if (run.angle !== line.angle || Math.abs(run.y - line.y) > em * BASELINE_TOLERANCE) return false
  return run.x >= last.x1 - em * OVERLAP_TOLERANCE || isRepainted(last, run)
}

/** Bold type is sometimes made by painting the same text twice, slightly apart. */
function isRepainted(last: Piece, run: PageRun): boolean {
  return run.text === last.text && Math.abs(run.x - last.x0) < run.size * 0.15
}

function putBackStrays(lines: Line[]): Line[] {
  const rows = new Map<string, Line[]>()
  for (const line of lines) {
    const key = `${line.angle}:${Math.round(line.y)}`
    const row = rows.get(key)
    if (row) row.push(line)
    else rows.set(key, [line])
  }
  const moved = new Set<Line>()
  for (const row of rows.values()) {
    if (row.length < 2 || row.length > MAXIMUM_LINES_A_ROW) continue
    // The shortest first: a stray word looks for its sentence, not the sentence for its word.
    for (const stray of row.toSorted((a, b) => widthOf(a) - widthOf(b))) {
      const host = row.find((other) => other !== stray && !moved.has(other) && takesIn(other, stray))
      if (host) moved.add(stray)
    }
  }
  return lines.filter((line) => !moved.has(line))
}

/** Puts `stray` into `host` where it fits between two pieces, or close at either end. */
function takesIn(host: Line, stray: Line): boolean {
  const em = host.size
  if (Math.abs(host.y - stray.y) > em * 0.2 || Math.abs(host.size - stray.size) > em * 0.25) return false
  const first = stray.pieces[0]!
  const last = stray.pieces.at(-1)!
  const tolerance = em * OVERLAP_TOLERANCE
  for (let i = 0; i <= host.pieces.length; i++) {
    const before = host.pieces[i - 1]
    const after = host.pieces[i]
    if (before && first.x0 < before.x1 - tolerance) continue
    if (after && last.x1 > after.x0 + tolerance) continue
    // Between two pieces it may stand wider, as justified lines do, than at an end, where a table cell could begin.
    const reach = em * (before && after ? GAP_INSIDE : ADJACENT_GAP)
    const nearLeft = before !== undefined && first.x0 - before.x1 < reach
    const nearRight = after !== undefined && after.x0 - last.x1 < reach
    if (before && after ? !(nearLeft && nearRight) : !(nearLeft || nearRight)) return false
    if (after) after.spaceBefore = after.x0 - last.x1 > em * WORD_GAP
    host.pieces.splice(i, 0, ...stray.pieces)
    return true
  }
  return false
}

/** Left edges at which several lines or cells begin, in half points, by angle. */
function columnStarts(lines: readonly Line[]): Set<string> {
  const counts = new Map<string, number>()
  const columns = new Set<string>()
  for (const { pieces, angle, size } of lines) {
    for (const [i, piece] of pieces.entries()) {
      if (i > 0 && piece.x0 - pieces[i - 1]!.x1 <= size * CELL_GAP) continue
      const key = columnKey(angle, piece.x0, 0)
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      if (count >= LINES_OF_A_COLUMN) columns.add(key)
    }
  }
  return columns
}

function beginsColumn(columns: ReadonlySet<string>, angle: number, x: number): boolean {
  return [-1, 0, 1].some((shift) => columns.has(columnKey(angle, x, shift)))
}

function columnKey(angle: number, x: number, shift: number): string {
  return `${angle}:${Math.round(x * 2) + shift}`
}

function segmentsOf(line: Line, columns: ReadonlySet<string>): Segment[] {
  const segments: Segment[] = []
  let current: Segment | undefined
  for (const piece of line.pieces) {
    const gap: number = current ? piece.x0 - current.x1 : 0
    const nextCell = gap > line.size * NARROW_CELL_GAP && beginsColumn(columns, line.angle, piece.x0)
    const marked: boolean = current !== undefined && MARKER.test(current.text) && gap < line.size * MARKER_GAP
    if (!current || (!marked && (nextCell || gap > line.size * CELL_GAP))) {
      current = {
        text: piece.text,
        x0: piece.x0,
        x1: piece.x1,
        y: line.y,
        size: line.size,
        angle: line.angle,
        sameRow: current !== undefined,
      }
      segments.push(current)
      continue
    }
    const spaced = /\s$/.test(current.text) || /^\s/.test(piece.text)
    const apart: boolean = !spaced && (piece.spaceBefore || gap > line.size * WORD_GAP)
    current.text += (apart ? ' ' : '') + piece.text
    current.x1 = Math.max(current.x1, piece.x1)
  }
  return segments
}

function widthOf(line: Line): number {
  return line.pieces.at(-1)!.x1 - line.pieces[0]!.x0
}
