import { inChunks } from './chunks.ts'

/** What a cell may be; null and undefined are empty cells. */
export type CsvValue = string | number | boolean | Date | null | undefined

/** A column: its heading, and its cell in a row. */
export interface CsvColumn<Row> {
  name: string
  value: (row: Row) => CsvValue
}

/** `text/csv` with its parameters (RFC 4180 section 3, RFC 7111). */
export const csvMediaType = 'text/csv; charset=utf-8; header=present'

// Signs with which spreadsheets begin a formula, in ASCII and in the full width that some of them fold to it.
const formulaSigns = '=+-@＝＋－＠'

/**
 * Keeps a spreadsheet from running a cell as a formula (OWASP, CSV injection; CWE-1236): text that begins with a formula
 * sign, a control character or, behind white space and invisible characters, a formula sign, gets a leading apostrophe,
 * which spreadsheets take as "this is text".
 *
 * @param text a cell
 */
export function guardFormula(text: string): string {
  if (text === '') return text
  const first = text.charCodeAt(0)
  if (first < 32 || first === 127) return `'${text}`
  let at = 0
  while (at < text.length && isBlank(text[at]!)) at++
  return at < text.length && formulaSigns.includes(text[at]!) ? `'${text}` : text
}

function isBlank(character: string): boolean {
  return /[\s\p{Cf}\p{Cc}]/u.test(character)
}

function cell(value: CsvValue): string {
  if (value === null || value === undefined) return ''
  // A number can't be a formula, so -5 stays a number; text that looks like one is guarded.
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : ''
  if (typeof value === 'boolean') return String(value)
  const text = value instanceof Date ? value.toISOString() : guardFormula(value)
  return /[",\r\n;\t]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * Writes one record (RFC 4180): cells in quotes where they need it, CRLF at the end, no formulas.
 *
 * @param values cells; a number is written as it is, text is guarded
 */
export function csvRow(values: readonly CsvValue[]): string {
  // A lone empty cell would be an empty line, which readers skip.
  if (values.length === 1 && cell(values[0]) === '') return '""\r\n'
  return `${values.map(cell).join(',')}\r\n`
}

/**
 * Writes a table as CSV (RFC 4180, UTF-8 without byte order mark, first record is the headings), row by row.
 *
 * @param columns in order
 * @param rows read as the text is read
 * @returns text in pieces of some 16,000 characters, to be read once
 */
export function writeCsv<Row>(
  columns: readonly CsvColumn<Row>[],
  rows: Iterable<Row> | AsyncIterable<Row>,
): AsyncIterable<string> {
  return inChunks(records(columns, rows))
}

async function* records<Row>(
  columns: readonly CsvColumn<Row>[],
  rows: Iterable<Row> | AsyncIterable<Row>,
): AsyncGenerator<string> {
  yield csvRow(columns.map((column) => column.name))
  for await (const row of rows) yield csvRow(columns.map((column) => column.value(row)))
}
