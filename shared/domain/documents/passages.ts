import type { DocumentText, PageSpan } from '../extraction/types.ts'
import type { Json, Sql } from '../sql.ts'

/** One piece of a document's text. The pieces in order are the text, exactly. */
export interface Passage {
  ordinal: number
  /** 1-based, or null for formats without pages. */
  page: number | null
  start_offset: number
  text: string
}

/** Long enough for a search result to make sense of, far below PostgreSQL's limit for a text search vector. */
const passageCharacters = 4000

/** Cuts a text into passages: at page ends, and inside pages at the last line end or space that fits. */
export function toPassages(document: Pick<DocumentText, 'text' | 'pages'>): Passage[] {
  const passages: Passage[] = []
  for (const span of coveringSpans(document)) {
    let start = span.start
    while (start < span.end) {
      const end = cutBefore(document.text, start, Math.min(start + passageCharacters, span.end), span.end)
      passages.push({
        ordinal: passages.length,
        page: span.number,
        start_offset: start,
        text: document.text.slice(start, end),
      })
      start = end
    }
  }
  return passages
}

/** The pages, with what stands between them given to the page before. */
function coveringSpans({
  text,
  pages,
}: Pick<DocumentText, 'text' | 'pages'>): (Omit<PageSpan, 'number'> & { number: number | null })[] {
  if (pages.length === 0) return [{ number: null, start: 0, end: text.length }]
  return pages.map((page, index) => ({
    number: page.number,
    start: index === 0 ? 0 : wholeBefore(text, page.start),
    end: wholeBefore(text, pages[index + 1]?.start ?? text.length),
  }))
}

function cutBefore(text: string, start: number, wanted: number, end: number): number {
  if (wanted === end) return end
  const half = start + passageCharacters / 2
  for (const separator of ['\n', ' ']) {
    const at = text.lastIndexOf(separator, wanted - 1)
    if (at >= half) return at + 1
  }
  return wholeBefore(text, wanted)
}

/** The place, or the one before it when it lies between the two halves of a character outside the basic plane. */
function wholeBefore(text: string, at: number): number {
  const cutsCharacter = (text.codePointAt(at - 1) ?? 0) > 0xffff
  return cutsCharacter ? at - 1 : at
}

/** Rows of one statement: a few megabytes of text. */
const batchSize = 500

/** Replaces the text of a document. */
export async function replacePassages(
  sql: Sql,
  document: { id: string; org_id: string; workspace_id: string },
  passages: readonly Passage[],
): Promise<void> {
  await sql`delete from document_passages where document_id = ${document.id}`
  for (let at = 0; at < passages.length; at += batchSize) {
    await sql`
      insert into document_passages (org_id, workspace_id, document_id, ordinal, page, start_offset, text)
      select ${document.org_id}, ${document.workspace_id}, ${document.id}, ordinal, page, start_offset, text
      from jsonb_to_recordset(${sql.json(passages.slice(at, at + batchSize) as unknown as Json)})
        as row (ordinal integer, page integer, start_offset integer, text text)`
  }
}

/** Reads the text of a document back, with its pages. */
export async function readText(sql: Sql, documentId: string): Promise<Pick<DocumentText, 'text' | 'pages'>> {
  const passages = await sql<Passage[]>`
    select ordinal, page, start_offset, text from document_passages where document_id = ${documentId} order by ordinal`
  const pages: PageSpan[] = []
  for (const { page, start_offset, text } of passages) {
    if (page === null) continue
    const last = pages.at(-1)
    if (last?.number === page) last.end = start_offset + text.length
    else pages.push({ number: page, start: start_offset, end: start_offset + text.length })
  }
  return { text: passages.map((passage) => passage.text).join(''), pages }
}

/** Makes the text of a document findable. */
export async function indexPassages(sql: Sql, documentId: string): Promise<void> {
  await sql`update document_passages set search = to_tsvector('english', text) where document_id = ${documentId}`
}
