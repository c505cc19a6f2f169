import type { Sql } from '../sql.ts'

export interface SearchHit {
  kind: 'indicator' | 'technique' | 'actor' | 'software' | 'vulnerability' | 'passage'
  /** Of the indicator or entity; of the document for a passage. */
  id: string
  /** Its value, its ATT&CK or CVE id, or the document's title. */
  name: string
  /** The entity's name, or the words of the passage around what was found. */
  text: string | null
  tlp: string
}

/** Finds indicators by the beginning of their value, entities by id or name, and passages by their words, the best of each. */
export async function searchIntelligence(sql: Sql, query: string, limit: number): Promise<SearchHit[]> {
  const pattern = query.replace(/[\\%_]/g, '\\$&')
  return sql<SearchHit[]>`
    (select 'indicator' as kind, i.id, i.value as name, i.type as text, i.tlp from indicators i
     where left(i.value, 200) like ${`${pattern.slice(0, 190)}%`}
       and exists (select from evidence e where e.indicator_id = i.id)
     order by i.confidence desc, i.id desc limit ${limit})
    union all
    (select t.kind, t.id, t.external_id, t.name, t.tlp from entities t
     where (t.name ilike ${`%${pattern}%`} or t.external_id ilike ${`${pattern}%`})
       and exists (select from evidence e where e.entity_id = t.id)
     order by t.last_seen desc, t.id desc limit ${limit})
    union all
    (select 'passage', p.document_id, coalesce(d.title, d.file_name),
       ts_headline('english', p.text, websearch_to_tsquery('english', ${query}),
         'MaxFragments=1, MaxWords=60, MinWords=20, StartSel="", StopSel=""'), d.tlp
     from document_passages p join documents d on d.id = p.document_id
     where p.search @@ websearch_to_tsquery('english', ${query})
     order by ts_rank(p.search, websearch_to_tsquery('english', ${query})) desc, p.document_id, p.ordinal limit ${limit})`
}
