/** How two lines of one block continue each other. */
export interface LineJoint {
  /** Characters to take off the end of the upper line (a hyphen of the line break). */
  drop: number
  separator: '' | ' ' | '\n'
  /** How many of the following lines are joined this way at once: a digest may be cut into several. */
  lines: number
}

/** What the layout knows about a line break. */
export interface LineBreak {
  /** The first word of the lower line would not have fitted into the upper one, so the break carries no meaning. */
  soft: boolean
  /** The upper line reaches the margin to within a character, as when a word is cut where the line is full. */
  full: boolean
}

const HASH_LENGTHS = new Set([32, 40, 64, 96, 128])
const LONGEST_HASH = 128
const MAXIMUM_HASH_LINES = 12
const SCHEME = /^[("'<[]{0,3}(?:h[tx]{2}ps?|ftps?|sftp|tcp|udp|ldaps?)\[?:/i
const URL_START = /^[("'<[]{0,3}(?:(?:h[tx]{2}ps?|ftps?|sftp|ldaps?)\[?:\]?(?:\/\/|\[\/\/)|www[.[(])/i
const BREAKABLE_END = /[/\-_=&?%#~+]$/
const URL_PART = /^[A-Za-z0-9/._~%=&?#+:@!$*'()[\],;-]+$/
const URL_MARK = /[/._=?&%\d-]/
const HEX = /^[0-9a-fA-F]+$/
const ABSOLUTE_PATH = /^[("'<[]{0,3}(?:[A-Za-z]:\\|HK[A-Z_]{2,20}\\|%[A-Za-z()0-9_]{1,40}%\\|\\\\\w)/
const WORD_END = /(?:^|[^\p{L}\p{N}])(\p{L}{2,40})-$/u
const WORD_START = /^(\p{L}{2,40})(?![\p{L}\p{N}])/u

/**
 * Decides how two lines of one block of a PDF page are joined. A wrapped URL, path, defanged name, hash or hyphenated
 * word becomes whole again; wrapped prose gets a space; anything else stays two lines.
 *
 * @param upper text of the upper line
 * @param following texts of the lines below it in the same block, nearest first
 * @param knows whether a word, in lower case, stands elsewhere in the document
 */
export function joinLines(
  upper: string,
  following: readonly string[],
  lineBreak: LineBreak,
  knows: (word: string) => boolean,
): LineJoint {
  const lower = following[0] ?? ''
  const line = upper.slice(upper.lastIndexOf('\n') + 1)
  const last = lastToken(line)
  const first = firstToken(lower)
  if (upper.endsWith('\u00ad')) return { drop: 1, separator: '', lines: 1 }
  const hashLines = linesOfHash(last, following)
  if (hashLines > 0) return { drop: 0, separator: '', lines: hashLines }
  if (continuesPath(last, first, lineBreak) || continuesName(last, first)) return { drop: 0, separator: '', lines: 1 }
  if (continuesUrl(line, last, first, lower, lineBreak)) return { drop: 0, separator: '', lines: 1 }
  if (lineBreak.soft && /\w_$/.test(upper) && /^\w/.test(lower)) return { drop: 0, separator: '', lines: 1 }
  if (lineBreak.soft && /[\p{L}\p{N}]-$/u.test(upper) && /^[\p{L}\p{N}]/u.test(lower)) {
    return { drop: dropsHyphen(last, lower, knows) ? 1 : 0, separator: '', lines: 1 }
  }
  const listed = last === line.trim() && first === lower.trim()
  return { drop: 0, separator: lineBreak.soft && !listed ? ' ' : '\n', lines: 1 }
}

/**
 * How many following lines a digest that is cut at `last` runs over, 0 if none is.
 *
 * A cut digest fills its lines, so all parts but the last are of about the same length and the last is no longer. Parts
 * that are digests by themselves (a list of MD5) are never put together. Where lines could be grouped in more than one
 * way, the longest group wins whose remaining lines make whole digests too.
 */
function linesOfHash(last: string, following: readonly string[]): number {
  const lengths = hexLengths(last, following)
  if (lengths.length < 2) return 0
  // Above it stands a whole digest, and the next one begins here.
  if (HASH_LENGTHS.has(lengths[0]!) && groupSizes(lengths, 1).length > 0) return 0
  const wholeFrom: boolean[] = Array(lengths.length + 1).fill(false)
  wholeFrom[lengths.length] = true
  for (let i = lengths.length - 1; i >= 0; i--) {
    wholeFrom[i] = groupSizes(lengths, i).some((size) => wholeFrom[i + size])
  }
  const sizes = groupSizes(lengths, 0).filter((size) => size > 1)
  return (sizes.findLast((size) => wholeFrom[size]) ?? sizes.at(-1) ?? 1) - 1
}

/** Lengths of the hexadecimal tokens from `last` downwards; every one but the lowest stands alone on its line. */
function hexLengths(last: string, following: readonly string[]): number[] {
  const start = trimQuotes(last)
  if (start.length < 6 || start.length >= LONGEST_HASH || !HEX.test(start)) return []
  const lengths = [start.length]
  for (const line of following.slice(0, MAXIMUM_HASH_LINES)) {
    const token = trimQuotes(firstToken(line))
    if (!HEX.test(token)) break
    lengths.push(token.length)
    if (token !== trimQuotes(line.trim())) break
  }
  return lengths
}

/** Numbers of lines from `start` that together have a digest's length, in rising order. */
function groupSizes(lengths: readonly number[], start: number): number[] {
  const sizes: number[] = []
  const width = lengths[start]!
  let total = 0
  let fragment = false
  for (let i = start; i < lengths.length; i++) {
    const length = lengths[i]!
    if (length > width * 1.15) break
    total += length
    fragment ||= !HASH_LENGTHS.has(length)
    if (HASH_LENGTHS.has(total) && (i === start || fragment)) sizes.push(i - start + 1)
    if (total > LONGEST_HASH || length < width * 0.85) break
  }
  return sizes
}

/** An absolute path or registry key that goes on in the next line; lines that all begin with "\\" are a list. */
function continuesPath(last: string, first: string, { soft }: LineBreak): boolean {
  if (!ABSOLUTE_PATH.test(last)) return false
  if (first.startsWith('\\') && !first.startsWith('\\\\')) return true
  return soft && last.endsWith('\\') && first.includes('\\') && !ABSOLUTE_PATH.test(first)
}

/** A name cut beside a defanged dot. */
function continuesName(last: string, first: string): boolean {
  if (!/[A-Za-z0-9]/.test(last) || !/[A-Za-z0-9]/.test(first)) return false
  if (/(?:\[\.\]|\(\.\)|\[dot\]|\[\.|\[@\]|\[at\])$/i.test(last)) return true
  return /^(?:\[\.\]|\(\.\)|\[dot\]|\[@\]|\[at\])/i.test(first) && !/[.,;]$/.test(last)
}

function continuesUrl(line: string, last: string, first: string, lower: string, { soft, full }: LineBreak): boolean {
  if (!soft || !URL_START.test(last) || SCHEME.test(first) || URL_START.test(first)) return false
  if (!URL_PART.test(first) || /[,;)\]'"]$/.test(last)) return false
  const partLike = URL_MARK.test(first.slice(0, -1))
  if (BREAKABLE_END.test(last)) return partLike || first === lower.trim()
  return full && last === line.trim() && partLike && /[/=_?&%]/.test(first)
}

/** Whether the hyphen at the line's end only marks the break: "infra-" + "structure", but not "well-" + "known". */
function dropsHyphen(last: string, lower: string, knows: (word: string) => boolean): boolean {
  const left = WORD_END.exec(last)?.[1]
  const right = WORD_START.exec(lower)?.[1]
  // Anything but two plain words may be a name or an address: the hyphen may carry meaning.
  if (!left || !right || last.length > left.length + 2) return false
  const [start, end] = [left.toLowerCase(), right.toLowerCase()]
  if (knows(start + end)) return true
  const isProse = left === start && right === end
  return isProse && !knows(start) && !knows(`${start}-${end}`)
}

function lastToken(line: string): string {
  const trimmed = line.trimEnd()
  let start = trimmed.length
  while (start > 0 && !isSpace(trimmed.charCodeAt(start - 1))) start--
  return trimmed.slice(start)
}

function firstToken(line: string): string {
  const trimmed = line.trimStart()
  let end = 0
  while (end < trimmed.length && !isSpace(trimmed.charCodeAt(end))) end++
  return trimmed.slice(0, end)
}

function isSpace(code: number): boolean {
  return code <= 0x20
}

function trimQuotes(token: string): string {
  let start = 0
  let end = token.length
  while (start < end && '"\'`('.includes(token[start]!)) start++
  while (end > start && '"\'`),;'.includes(token[end - 1]!)) end--
  return token.slice(start, end)
}
