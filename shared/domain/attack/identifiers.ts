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
 * Reads a technique id whose first part ("T1059") stands at a span: `T1059`, `T1059.001`, `T1059/001`, `t1059.001`.
 *
 * @param text the text
 * @param start start of the first part
 * @param end end of the first part, exclusive
 */
export function readTechniqueId(text: string, start: number, end: number): FoundIdentifier | null {
  const root = text.slice(start, end).toUpperCase()
  if (root.length !== 5) return null
  const mark = text.charCodeAt(end)
  if (mark === 46 || mark === 47) {
    const hasPart =
      isDigit(text.charCodeAt(end + 1)) &&
      isDigit(text.charCodeAt(end + 2)) &&
      isDigit(text.charCodeAt(end + 3)) &&
      !isWordUnit(text.charCodeAt(end + 4))
    if (hasPart) return { id: `${root}.${text.slice(end + 1, end + 4)}`, start, end: end + 4 }
    if (mark === 46 && isDigit(text.charCodeAt(end + 1))) return null
  }
  return { id: root, start, end }
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
