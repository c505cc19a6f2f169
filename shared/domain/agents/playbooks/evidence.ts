import { readText } from '../../documents/passages.ts'
import { AppError, notFound } from '../../errors.ts'
import { sentenceSpan } from '../../intelligence/sentence.ts'
import { storableText } from '../../plain-text.ts'
import type { Sql } from '../../sql.ts'
import type { Tlp } from '../../tlp.ts'

/** A piece of evidence with the whole sentence that it stands in, which is what claims are made of. */
export interface EvidenceItem {
  id: string
  document_id: string
  /** Of the indicator or entity. */
  subject_id: string
  kind: 'indicator' | 'technique' | 'actor' | 'software' | 'vulnerability'
  /** Of an indicator. */
  type: string | null
  /** ATT&CK or CVE id, or the indicator's value. */
  key: string
  name: string
  confidence: number
  /** Offsets of the sentence in the document's text. */
  start: number
  end: number
  /** The document's text between them, exactly. */
  sentence: string
}

export interface DocumentEvidence {
  document: { id: string; title: string; tlp: Tlp }
  evidence: EvidenceItem[]
}

/** Of an entity so many sentences are used, of an indicator one. */
const sentencesOfEntity = 4
const maximumEntities = 600
const maximumIndicators = 200

/**
 * What a document says, sentence by sentence, the surest first.
 * @throws AppError NOT_FOUND, CONFLICT when it is not ready
 */
export async function readDocumentEvidence(sql: Sql, documentId: string): Promise<DocumentEvidence> {
  const [document] = await sql<{ id: string; title: string; tlp: Tlp; status: string }[]>`
    select id, coalesce(title, file_name) as title, tlp, status from documents where id = ${documentId}`
  if (!document) throw notFound('Document')
  if (document.status !== 'ready') throw new AppError('CONFLICT', `The document is ${document.status}, not ready`)
  const rows = await sql<(Omit<EvidenceItem, 'start' | 'end' | 'sentence'> & { from: number; to: number })[]>`
    with numbered as (
      select e.id, e.document_id, coalesce(e.indicator_id, e.entity_id) as subject_id,
        coalesce(t.kind, 'indicator') as kind, i.type, coalesce(t.external_id, i.value) as key,
        coalesce(t.name, i.value) as name, e.confidence, e.start_offset as "from", e.end_offset as "to",
        row_number() over (
          partition by coalesce(e.indicator_id, e.entity_id) order by e.confidence desc, e.start_offset
        ) as number
      from evidence e left join entities t on t.id = e.entity_id left join indicators i on i.id = e.indicator_id
      where e.document_id = ${documentId} and e.suppressed_list is null
    ), ranked as (
      select *, row_number() over (partition by kind = 'indicator' order by number, confidence desc, "from") as rank
      from numbered where number <= case when kind = 'indicator' then 1 else ${sentencesOfEntity}::integer end
    )
    select id, document_id, subject_id, kind, type, key, name, confidence, "from", "to" from ranked
    where rank <= case when kind = 'indicator' then ${maximumIndicators}::integer else ${maximumEntities}::integer end
    order by "from", id`
  const { text } = await readText(sql, documentId)
  return {
    document: { id: document.id, title: document.title, tlp: document.tlp },
    evidence: rows.map(({ from, to, ...row }) => {
      const { start, end } = sentenceSpan(text, from, to)
      return { ...row, start, end, sentence: storableText(text.slice(start, end)) }
    }),
  }
}
