/** An identifier and where it stands. */
export interface FoundIdentifier {
  id: string
  start: number
  end: number
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57
}

function isWordUnit(unit: number): boolean {
  return isDigit(unit) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122)
}

/**
 * Finds what is written like a technique id: `T1059`, `T1059.001`, `T1059/001`, `T1059:001`, `attack.t1059.001`. Flattened
 * tables glue ids to the words beside them ("ExfiltrationT1041Exfiltration"); those are read when letters on both sides
 * show that it is no part of a random string.
 *
 * @param text the text
 * @returns candidates in order of start; whether an id exists is for the catalogue to say
 */
export function findTechniqueIds(text: string): FoundIdentifier[] {
  const found: FoundIdentifier[] = []
  // The engine's own search for a short string is many times faster than any loop over the characters.
  for (let at = text.indexOf('T1'); at >= 0; at = text.indexOf('T1', at + 2)) {
    const id = readTechniqueId(text, at)
    if (id !== null) found.push(id)
  }
  for (let at = text.indexOf('.t1'); at >= 0; at = text.indexOf('.t1', at + 3)) {
    const id = readTechniqueId(text, at + 1)
    if (id !== null) found.push(id)
  }
  return found.sort((a, b) => a.start - b.start)
}

function isLower(unit: number): boolean {
  return unit >= 97 && unit <= 122
}

function isUpper(unit: number): boolean {
  return unit >= 65 && unit <= 90
}

/** Whether a word starts here as a heading does: a capital and a small letter. */
function startsWord(text: string, at: number): boolean {
  return isUpper(text.charCodeAt(at)) && isLower(text.charCodeAt(at + 1))
}

function endsHere(text: string, at: number): boolean {
  return !isWordUnit(text.charCodeAt(at)) || startsWord(text, at)
}

function digits(text: string, at: number, count: number): boolean {
  for (let index = at; index < at + count; index++) if (!isDigit(text.charCodeAt(index))) return false
  return true
}

function readTechniqueId(text: string, start: number): FoundIdentifier | null {
  if (!digits(text, start + 2, 3)) return null
  const before = text.charCodeAt(start - 1)
  if (isWordUnit(before) && !(isLower(before) && isLower(text.charCodeAt(start - 2)))) return null
  const root = `T${text.slice(start + 1, start + 5)}`
  const end = start + 5
  const mark = text.charCodeAt(end)
  if ((mark === 46 || mark === 47 || mark === 58) && isDigit(text.charCodeAt(end + 1))) {
    if (digits(text, end + 1, 3) && endsHere(text, end + 4)) {
      return { id: `${root}.${text.slice(end + 1, end + 4)}`, start, end: end + 4 }
    }
    return mark === 58 ? { id: root, start, end } : null
  }
  return endsHere(text, end) ? { id: root, start, end } : null
}

/** A technique id as one number, `T1059.001` as 1059001 and `T1059` as 1059000, which is quicker to look up than a string. */
export function techniqueNumber(id: string): number {
  return Number(id.slice(1, 5)) * 1000 + (id.length > 5 ? Number(id.slice(6)) : 0)
}

const MAX_CVE_GAP = 4

/**
 * Reads a CVE id whose "CVE" stands at a span; its parts may be held apart by any hyphen or dash, a space, or the line
 * break of a PDF.
 *
 * @param text the text
 * @param start start of "CVE"
 * @param end end of "CVE", exclusive
 */
export function readCveId(text: string, start: number, end: number): FoundIdentifier | null {
  const year = digitsAfter(text, end, 4, 4)
  if (year === null || (!year.digits.startsWith('19') && !year.digits.startsWith('20'))) return null
  const number = digitsAfter(text, year.end, 4, 7)
  if (number === null) return null
  return { id: `CVE-${year.digits}-${number.digits}`, start, end: number.end }
}

function digitsAfter(text: string, from: number, least: number, most: number): { digits: string; end: number } | null {
  let index = from
  let marks = 0
  while (index - from < MAX_CVE_GAP) {
    const unit = text.charCodeAt(index)
    const dash = unit === 45 || unit === 95 || (unit >= 0x2010 && unit <= 0x2015) || unit === 0x2212 || unit === 0xad
    const space = unit === 32 || unit === 10 || unit === 13 || unit === 0xa0
    if (!dash && !space) break
    marks++
    index++
  }
  if (marks === 0) return null
  const first = index
  while (index - first <= most && isDigit(text.charCodeAt(index))) index++
  if (index - first < least || index - first > most || isWordUnit(text.charCodeAt(index))) return null
  return { digits: text.slice(first, index), end: index }
}
