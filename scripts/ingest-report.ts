import type { Document } from '#shared/domain/documents/schemas.ts'
import type { Entity, Evidence, Indicator } from '#shared/domain/intelligence/schemas.ts'
import { printable } from './printable.ts'

type Evidenced<Row> = Row & { evidence: Evidence[] }

/** What came of one file. */
export interface IngestReport {
  file: string
  document?: Document
  error?: { code: string; message: string }
  intelligence?: {
    indicators: Evidenced<Indicator>[]
    held_back: Evidenced<Indicator>[]
    techniques: Evidenced<Entity>[]
    actors: Evidenced<Entity>[]
    software: Evidenced<Entity>[]
    vulnerabilities: Evidenced<Entity>[]
  }
}

/** Prints a report for people. */
export function printReport({ file, document, error, intelligence }: IngestReport): void {
  console.log(`\n${file}`)
  if (error) console.log(`  failed: ${error.message} (${error.code})`)
  if (!document || !intelligence) return
  const pages = document.page_count === null ? '' : `, ${document.page_count} pages`
  console.log(`  ${document.title ?? document.file_name}  (${document.format}${pages}, TLP:${document.tlp})`)
  section(
    'Indicators',
    intelligence.indicators.map((row) => [
      row.type,
      `${printable(row.value)}  TLP:${row.tlp}  confidence ${row.confidence}`,
      row,
    ]),
  )
  for (const kind of ['techniques', 'actors', 'software', 'vulnerabilities'] as const) {
    const title = kind[0]?.toUpperCase() + kind.slice(1)
    section(
      title,
      intelligence[kind].map((row) => [row.external_id, printable(row.name), row]),
    )
  }
  if (Object.values(intelligence).every((rows) => rows.length === 0)) console.log('  nothing was found')
  const held = intelligence.held_back
  if (held.length === 0) return
  console.log(`\n  Held back as likely false positives (${held.length})`)
  const width = Math.max(...held.map((row) => row.type.length))
  for (const row of held) {
    console.log(`    ${row.type.padEnd(width)}  ${printable(row.value)}: ${row.suppressed_reason}`)
  }
}

function section(title: string, rows: [string, string, { evidence: Evidence[] }][]): void {
  if (rows.length === 0) return
  console.log(`\n  ${title} (${rows.length})`)
  const width = Math.max(...rows.map(([label]) => label.length))
  for (const [label, text, { evidence }] of rows) {
    console.log(`    ${label.padEnd(width)}  ${text}`)
    const [first] = evidence
    if (first) console.log(`    ${' '.repeat(width)}    ${where(first, evidence.length)}: “${shorten(first.sentence)}”`)
  }
}

function where({ page, start, end }: Evidence, mentions: number): string {
  const place = `${page === null ? '' : `page ${page}, `}characters ${start}–${end}`
  return mentions === 1 ? place : `${place} and ${mentions - 1} more`
}

function shorten(sentence: string): string {
  const text = printable(sentence)
  return text.length <= 140 ? text : `${text.slice(0, 139)}…`
}
