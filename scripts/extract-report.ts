import type { Extraction, IndicatorMention, NamedMention, TechniqueMention } from '#shared/domain/extraction/types.ts'
import type { ReadDocument } from '#shared/domain/text/read-document.ts'
import { printable } from './printable.ts'

/** What came out of one file, as `extract --json` prints it on one line. */
export type ExtractReport = FoundReport | FailedReport

/** A file that was read. Offsets are UTF-16 code units into the document's text (`text` with --text). */
export interface FoundReport extends Extraction {
  file: string
  bytes: number
  durationMs: number
  format: ReadDocument['format']
  title: string | null
  /** Number of pages, null for formats without pages. */
  pages: number | null
  characters: number
  /** Numbers of damaged pages that were passed over. */
  unreadablePages: number[]
  text?: string
}

/** A file that could not be read. */
export interface FailedReport {
  file: string
  bytes: number
  error: { code: string; message: string }
  durationMs: number
}

/** The report of one file; the order of its fields is that of the printed line. */
export function foundReport(
  source: { file: string; bytes: number; durationMs: number },
  document: ReadDocument,
  extraction: Extraction,
  withText: boolean,
): FoundReport {
  return {
    file: source.file,
    bytes: source.bytes,
    indicators: extraction.indicators.map(indicatorLine),
    techniques: extraction.techniques.map(namedLine),
    actors: extraction.actors.map(namedLine),
    software: extraction.software.map(namedLine),
    vulnerabilities: extraction.vulnerabilities.map(namedLine),
    durationMs: source.durationMs,
    format: document.format,
    title: document.title,
    pages: document.pages.length === 0 ? null : document.pages.length,
    characters: document.text.length,
    unreadablePages: document.unreadablePages,
    ...(withText ? { text: document.text } : {}),
  }
}

function indicatorLine({ type, value, start, end, page, defanged, suppressed }: IndicatorMention): IndicatorMention {
  return { type, value, start, end, page, defanged, suppressed }
}

function namedLine<Mention extends TechniqueMention | NamedMention>({ id, name, start, end, how, page }: Mention) {
  return { id, name, start, end, how, page } as Mention
}

const FORMAT_NAMES: Record<ReadDocument['format'], string> = {
  pdf: 'PDF',
  html: 'HTML',
  docx: 'DOCX',
  text: 'text',
  markdown: 'Markdown',
}

/** The report for people: counts, then what was found by type, then what was held back and why. */
export function readableReport(report: ExtractReport): string {
  if ('error' in report)
    return `\n${printable(report.file)}\n  failed: ${report.error.message} (${report.error.code})\n`
  const live = report.indicators.filter((mention) => mention.suppressed === null)
  const held = report.indicators.filter((mention) => mention.suppressed !== null)
  const lines = [
    '',
    printable(report.file),
    `  ${heading(report)}`,
    ...indicatorSection(live),
    ...namedSection('Techniques', report.techniques),
    ...namedSection('Actors', report.actors),
    ...namedSection('Software', report.software),
    ...namedSection('Vulnerabilities', report.vulnerabilities),
    ...heldBackSection(held),
  ]
  return `${lines.join('\n')}\n`
}

function heading({ title, format, pages, characters, durationMs, unreadablePages }: FoundReport): string {
  const facts = [
    FORMAT_NAMES[format],
    ...(pages === null ? [] : [`${pages} ${pages === 1 ? 'page' : 'pages'}`]),
    `${characters} characters`,
    `${durationMs} ms`,
    ...(unreadablePages.length === 0 ? [] : [`damaged and passed over: page ${unreadablePages.join(', ')}`]),
  ]
  return `${title === null ? '' : `${printable(title)}  `}(${facts.join(', ')})`
}

function indicatorSection(mentions: readonly IndicatorMention[]): string[] {
  const lines: string[] = []
  const byType = Map.groupBy(mentions, ({ type }) => type)
  for (const [type, ofType] of byType) {
    const byValue = Map.groupBy(ofType, ({ value }) => value)
    lines.push(`    ${type} (${byValue.size})`)
    for (const [value, same] of byValue) lines.push(`      ${printable(value)}  ${places(same)}`)
  }
  const distinct = lines.length - byType.size
  return lines.length === 0 ? [] : ['', `  Indicators (${distinct})`, ...lines]
}

function namedSection(title: string, mentions: readonly (TechniqueMention | NamedMention)[]): string[] {
  const byId = Map.groupBy(mentions, ({ id }) => id)
  if (byId.size === 0) return []
  const width = Math.max(...[...byId.keys()].map((id) => id.length))
  const lines = [...byId].map(([id, same]) => {
    const name = same[0]!.name === id ? '' : `${printable(same[0]!.name)}  `
    return `    ${id.padEnd(width)}  ${name}${places(same)}`
  })
  return ['', `  ${title} (${byId.size})`, ...lines]
}

function heldBackSection(mentions: readonly IndicatorMention[]): string[] {
  const byReason = Map.groupBy(mentions, ({ suppressed }) => suppressed?.reason ?? '')
  const lines: string[] = []
  let distinct = 0
  for (const [reason, ofReason] of byReason) {
    const values = new Set(ofReason.map(({ type, value }) => `${type} ${printable(value)}`))
    distinct += values.size
    lines.push(`    ${reason} (${values.size})`, ...[...values].map((value) => `      ${value}`))
  }
  return lines.length === 0 ? [] : ['', `  Held back as likely false positives (${distinct})`, ...lines]
}

/** Where the first mention stands and how many more there are. */
function places(mentions: readonly { start: number; page: number | null }[]): string {
  const { page, start } = mentions[0]!
  const first = page === null ? `at ${start}` : `page ${page}`
  return mentions.length === 1 ? `(${first})` : `(${first} and ${mentions.length - 1} more)`
}
