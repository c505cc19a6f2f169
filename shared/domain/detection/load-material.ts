import { notFound } from '../errors.ts'
import type { Sql } from '../sql.ts'
import type { Tlp } from '../tlp.ts'
import type { RuleIndicator, RuleMaterial } from './types.ts'

/** More than all rules of a document together can hold. */
const maximumIndicators = 20_000
/** Pieces of evidence for one indicator; a rule needs some, not all. */
const maximumEvidence = 5
/** A sentence that names more techniques is a list, and says of nothing in it what it is for. */
const maximumTechniques = 2

export interface MaterialRequest {
  documentId: string
  maximumTlp: Tlp
  minimumConfidence: number
  now: Date
}

/**
 * Gathers what rules are written from about a document: its indicators with what the organization knows of them, the
 * evidence in this document, and the techniques that it names. What may not go into rules stays in the database.
 *
 * @throws AppError NOT_FOUND
 */
export async function loadRuleMaterial(sql: Sql, request: MaterialRequest): Promise<RuleMaterial> {
  const [document] = await sql<{ id: string; title: string; tlp: Tlp }[]>`
    select id, coalesce(title, file_name) as title, tlp from documents where id = ${request.documentId}`
  if (!document) throw notFound('Document')
  const indicators = await sql<RuleIndicator[]>`
    with mentions as (
      select indicator_id, id, sentence, row_number() over (partition by indicator_id order by confidence desc, id) as number
      from evidence where document_id = ${document.id} and indicator_id is not null and suppressed_list is null
    ), named as (
      select sentence, external_id, count(*) over (partition by sentence) as techniques from (
        select distinct e.sentence, t.external_id from evidence e join entities t on t.id = e.entity_id
        where e.document_id = ${document.id} and t.kind = 'technique') sentences
    )
    select i.type, i.value, i.tlp, i.confidence, i.suppressed_list is not null as suppressed, i.first_seen, i.valid_until,
      jsonb_agg(distinct m.id) as evidence_ids,
      coalesce(jsonb_agg(distinct n.external_id) filter (where n.external_id is not null), '[]') as techniques
    from mentions m join indicators i on i.id = m.indicator_id left join named n
      on n.sentence = m.sentence and n.techniques <= ${maximumTechniques}
    where m.number <= ${maximumEvidence} and i.suppressed_list is null and i.valid_until > ${request.now}
      and i.confidence >= ${request.minimumConfidence}
    group by i.id
    order by i.confidence desc, i.id
    limit ${maximumIndicators}`
  const techniques = await sql<{ external_id: string }[]>`
    select distinct t.external_id from evidence e join entities t on t.id = e.entity_id
    where e.document_id = ${document.id} and t.kind = 'technique' order by 1`
  return {
    key: document.id,
    subject: document.title,
    subjectTlp: document.tlp,
    indicators,
    techniques: techniques.map((row) => row.external_id),
    references: [],
    maximumTlp: request.maximumTlp,
    minimumConfidence: request.minimumConfidence,
    now: request.now,
  }
}
