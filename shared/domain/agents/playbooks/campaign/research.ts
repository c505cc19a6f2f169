import * as v from 'valibot'
import { AppError, notFound } from '../../../errors.ts'
import { isAbove } from '../../../guardian/levels.ts'
import { loadSources } from '../../../guardian/load-sources.ts'
import type { Json, Sql } from '../../../sql.ts'
import type { Tlp } from '../../../tlp.ts'
import type { NodeContext } from '../../playbook.ts'
import { Input } from './input.ts'
import { findProof, type ProofSource, type ProvenPoint } from './proof.ts'

/** More text than this is not searched in one run, which takes a second or two; what is left out is said. */
const maximumCharacters = 500_000
const maximumEvidence = 5000

export interface Research {
  points: ProvenPoint[]
  /** Key points of which no sentence says enough. */
  unproven: string[]
  documents: { id: string; title: string; tlp: Tlp }[]
  left_out: { document_id: string; title: string; why: string }[]
}

/**
 * Looks for the sentences of the documents that prove each key point, and says which key points have none.
 * @throws AppError NOT_FOUND, CONFLICT when a document is not ready
 */
export async function research({ state, read, readUntrusted }: NodeContext): Promise<Json> {
  const input = v.parse(Input, state.input)
  readUntrusted('the documents')
  const { sources, ...found } = await read((sql) => readProofSources(sql, input))
  const points = findProof(input.key_points, sources)
  const unproven = points.filter(({ proof }) => proof.length === 0).map(({ key_point }) => key_point)
  return { points, unproven, ...found } as unknown as Json
}

async function readProofSources(
  sql: Sql,
  { document_ids, audience_tlp }: Input,
): Promise<Pick<Research, 'documents' | 'left_out'> & { sources: ProofSource[] }> {
  const ids = [...new Set(document_ids)]
  const rows = await sql<{ id: string; title: string; tlp: Tlp; status: string; characters: number }[]>`
    select id, coalesce(title, file_name) as title, tlp, status, coalesce(character_count, 0) as characters
    from documents where id in ${sql(ids)}`
  const known = ids.map((id) => rows.find((row) => row.id === id))
  const left_out: Research['left_out'] = []
  const documents: (typeof rows)[number][] = []
  let characters = 0
  for (const document of known) {
    if (!document) throw notFound('Document')
    const { id, title, tlp, status } = document
    if (status !== 'ready') throw new AppError('CONFLICT', `The document ${id} is ${status}, not ready`)
    characters += document.characters
    const why = isAbove(tlp, audience_tlp)
      ? `TLP:${tlp} is above what the readers may see`
      : characters > maximumCharacters
        ? `With it there would be more than ${maximumCharacters} characters to read`
        : null
    if (why === null) documents.push(document)
    else left_out.push({ document_id: id, title, why })
  }
  return {
    sources: await loadProofSources(
      sql,
      documents.map(({ id }) => id),
    ),
    documents: documents.map(({ id, title, tlp }) => ({ id, title, tlp })),
    left_out,
  }
}

async function loadProofSources(sql: Sql, ids: readonly string[]): Promise<ProofSource[]> {
  if (ids.length === 0) return []
  const evidence = await sql<{ id: string; document_id: string; name: string; start: number; end: number }[]>`
    select e.id, e.document_id, coalesce(t.name, i.value) as name, e.start_offset as start, e.end_offset as "end"
    from evidence e left join entities t on t.id = e.entity_id left join indicators i on i.id = e.indicator_id
    where e.document_id in ${sql(ids)} and e.suppressed_list is null
    order by (e.entity_id is null), e.confidence desc, e.id limit ${maximumEvidence}`
  evidence.sort((a, b) => a.start - b.start)
  const sources = await loadSources(sql, ids)
  return ids.flatMap((id) => {
    const source = sources(id)
    if (source === null) return []
    return [{ id, title: source.title, text: source.text, named: evidence.filter((one) => one.document_id === id) }]
  })
}
