import type { Json, Sql } from '../../../sql.ts'
import type { NodeContext } from '../../playbook.ts'
import type { DocumentEvidence } from '../evidence.ts'

interface Corroboration {
  subject_id: string
  documents: number
  first_seen: string
  last_seen: string
  titles: string[]
}

const maximumSubjects = 50

/** Which of the document's subjects other documents of the workspace know, the best known first. */
function findCorroboration(sql: Sql, documentId: string, subjects: readonly string[]): Promise<Corroboration[]> {
  return sql<Corroboration[]>`
    with known as (
      select coalesce(e.indicator_id, e.entity_id) as subject_id, d.id, coalesce(d.title, d.file_name) as title, d.created_at
      from evidence e join documents d on d.id = e.document_id
      where e.document_id <> ${documentId} and e.suppressed_list is null
        and (e.indicator_id in (select value::uuid from jsonb_array_elements_text(${sql.json(subjects as unknown as Json)}))
          or e.entity_id in (select value::uuid from jsonb_array_elements_text(${sql.json(subjects as unknown as Json)})))
      group by 1, 2, 3, 4
    )
    select subject_id, count(*)::integer as documents, min(created_at) as first_seen, max(created_at) as last_seen,
      (array_agg(title order by created_at desc))[1:3] as titles
    from known group by subject_id
    order by documents desc, subject_id limit ${maximumSubjects}`
}

/** What the organization knew before: the subjects of the document that others name too. */
export async function enrich(context: NodeContext): Promise<Json> {
  const { document, evidence } = context.state.outputs.read as unknown as DocumentEvidence
  const subjects = new Map(evidence.map((item) => [item.subject_id, item]))
  const known = await context.read((sql) => findCorroboration(sql, document.id, [...subjects.keys()]))
  context.readUntrusted('titles of documents')
  return {
    subjects: subjects.size,
    known_before: known.length,
    corroborated: known.map((row) => {
      const { kind, key, name } = subjects.get(row.subject_id)!
      return { ...row, kind, key, name }
    }),
  } as unknown as Json
}
