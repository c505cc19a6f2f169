import type { Draft } from '../claims/types.ts'
import type { Sql } from '../sql.ts'
import type { Tlp } from '../tlp.ts'
import type { Source, Sources } from './types.ts'

/** More text than this is not read into memory for one draft; documents beyond it are unknown to the Guardian. */
const maximumCharacters = 20_000_000

/**
 * Reads what a draft cites, as the caller's tenant: row-level security decides what there is. What isn't there, or is not
 * `ready`, will be unknown to the Guardian.
 *
 * @param documentIds documents, in the order of importance when they are too many to be held at once
 * @param evidenceIds pieces of evidence that are cited
 */
export async function loadSources(
  sql: Sql,
  documentIds: readonly string[],
  evidenceIds: readonly string[] = [],
): Promise<Sources> {
  const sources = new Map<string, Source & { evidence: Map<string, { start: number; end: number }> }>()
  const wanted = [...new Set(documentIds)]
  if (wanted.length === 0) return () => null
  const documents = await sql<{ id: string; title: string; tlp: Tlp; character_count: number | null }[]>`
    select id, coalesce(title, file_name) as title, tlp, character_count from documents
    where id in ${sql(wanted)} and status = 'ready'`
  documents.sort((a, b) => wanted.indexOf(a.id) - wanted.indexOf(b.id))
  let characters = 0
  for (const { id, title, tlp, character_count } of documents) {
    characters += character_count ?? 0
    if (characters > maximumCharacters) break
    sources.set(id, { title, tlp, text: '', evidence: new Map() })
  }
  if (sources.size === 0) return () => null
  const passages = await sql<{ document_id: string; text: string }[]>`
    select document_id, text from document_passages where document_id in ${sql([...sources.keys()])}
    order by document_id, ordinal`
  const texts = Map.groupBy(passages, (passage) => passage.document_id)
  for (const [id, source] of sources) source.text = (texts.get(id) ?? []).map((passage) => passage.text).join('')
  if (evidenceIds.length > 0) {
    const evidence = await sql<{ id: string; document_id: string; start: number; end: number }[]>`
      select id, document_id, start_offset as start, end_offset as "end" from evidence
      where id in ${sql([...new Set(evidenceIds)])} and document_id in ${sql([...sources.keys()])}`
    for (const { id, document_id, start, end } of evidence) sources.get(document_id)?.evidence.set(id, { start, end })
  }
  return (documentId) => sources.get(documentId) ?? null
}

/** Reads what a draft cites; see `loadSources`. */
export function loadSourcesOf(sql: Sql, draft: Draft): Promise<Sources> {
  const citations = draft.sections.flatMap((section) => section.claims.flatMap((claim) => claim.citations))
  return loadSources(
    sql,
    citations.map((citation) => citation.document_id),
    citations.map((citation) => citation.evidence_id).filter((id) => id !== null),
  )
}
