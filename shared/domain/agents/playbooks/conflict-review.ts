import * as v from 'valibot'
import type { Json, Sql } from '../../sql.ts'
import { type Tlp, tlpLevels } from '../../tlp.ts'
import type { NodeContext, Playbook } from '../playbook.ts'
import { quick } from './asked.ts'

const Input = v.strictObject({
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200)), 50),
})

interface Side {
  says: string
  documents: number
  confidence: number
  evidence: { evidence_id: string; document_id: string; title: string; sentence: string }[]
}

interface Conflict {
  kind: 'harmless-or-not' | 'marking' | 'attribution'
  subject_id: string
  subject: string
  sides: Side[]
}

/** Indicators that some documents name as such and others as harmless. */
function harmlessOrNot(sql: Sql, limit: number): Promise<Conflict[]> {
  return sql<Conflict[]>`
    with sides as (
      select e.indicator_id, e.suppressed_list is not null as held, count(distinct e.document_id)::integer as documents,
        max(e.confidence)::integer as confidence, min(e.suppressed_reason) as reason,
        (jsonb_agg(jsonb_build_object('evidence_id', e.id, 'document_id', d.id, 'title', coalesce(d.title, d.file_name),
          'sentence', e.sentence) order by e.confidence desc, e.id)) as evidence
      from evidence e join documents d on d.id = e.document_id
      where e.indicator_id is not null group by 1, 2
    )
    select 'harmless-or-not' as kind, i.id as subject_id, i.value as subject, jsonb_build_array(
      jsonb_build_object('says', 'an indicator', 'documents', a.documents, 'confidence', a.confidence,
        'evidence', jsonb_path_query_array(a.evidence, '$[0 to 2]')),
      jsonb_build_object('says', 'harmless: ' || b.reason, 'documents', b.documents, 'confidence', b.confidence,
        'evidence', jsonb_path_query_array(b.evidence, '$[0 to 2]'))) as sides
    from sides a join sides b on b.indicator_id = a.indicator_id and b.held and not a.held
      join indicators i on i.id = a.indicator_id
    order by a.documents + b.documents desc, i.id limit ${limit}`
}

/** Indicators that come from sources of different markings: their value may be shared as freely as the freest. */
function markings(sql: Sql, limit: number): Promise<Conflict[]> {
  return sql<Conflict[]>`
    with sides as (
      select e.indicator_id, d.tlp, count(distinct d.id)::integer as documents, max(e.confidence)::integer as confidence,
        (jsonb_agg(jsonb_build_object('evidence_id', e.id, 'document_id', d.id, 'title', coalesce(d.title, d.file_name),
          'sentence', e.sentence) order by e.confidence desc, e.id)) as evidence
      from evidence e join documents d on d.id = e.document_id
      where e.indicator_id is not null and e.suppressed_list is null group by 1, 2
    )
    select 'marking' as kind, i.id as subject_id, i.value as subject, jsonb_agg(jsonb_build_object('says', 'TLP:' || s.tlp,
      'documents', s.documents, 'confidence', s.confidence,
      'evidence', jsonb_path_query_array(s.evidence, '$[0 to 2]')) order by tlp_rank(s.tlp)) as sides
    from sides s join indicators i on i.id = s.indicator_id
    group by i.id, i.value having count(*) > 1
    order by max(tlp_rank(s.tlp)) - min(tlp_rank(s.tlp)) desc, i.id limit ${limit}`
}

/** Malware and tools that relationships give to more than one actor. */
function attributions(sql: Sql, limit: number): Promise<Conflict[]> {
  return sql<Conflict[]>`
    with given as (
      select t.id, t.name, a.name as actor, max(r.confidence)::integer as confidence,
        count(distinct e.document_id)::integer as documents,
        jsonb_agg(jsonb_build_object('evidence_id', e.id, 'document_id', e.document_id,
          'title', coalesce(d.title, d.file_name), 'sentence', e.sentence) order by e.confidence desc, e.id) as evidence
      from relationships r join entities a on a.id = r.source_entity_id and a.kind = 'actor'
        join entities t on t.id = r.target_entity_id and t.kind = 'software'
        join relationship_evidence re on re.relationship_id = r.id join evidence e on e.id = re.evidence_id
        join documents d on d.id = e.document_id
      where r.relationship_type = 'uses' and r.status <> 'rejected' group by 1, 2, 3
    )
    select 'attribution' as kind, id as subject_id, name as subject, jsonb_agg(jsonb_build_object(
      'says', 'used by ' || actor, 'documents', documents, 'confidence', confidence,
      'evidence', jsonb_path_query_array(evidence, '$[0 to 2]')) order by confidence desc, actor) as sides
    from given group by id, name having count(*) > 1
    order by count(*) desc, id limit ${limit}`
}

async function find({ state, read, readUntrusted }: NodeContext): Promise<Json> {
  const { limit } = v.parse(Input, state.input)
  readUntrusted('sentences of documents')
  const found = await read(async (sql) => [
    ...(await harmlessOrNot(sql, limit)),
    ...(await markings(sql, limit)),
    ...(await attributions(sql, limit)),
  ])
  return found as unknown as Json
}

/** What follows from each conflict by our rules, and whether people have to look. */
async function weigh({ state, readUntrusted }: NodeContext): Promise<Json> {
  readUntrusted('sentences of documents')
  const conflicts = state.outputs.find as unknown as Conflict[]
  return conflicts.map((conflict) => ({ ...conflict, ...resolutionOf(conflict) })) as unknown as Json
}

function resolutionOf({ kind, sides }: Conflict): { resolution: string; needs_people: boolean } {
  const [first, second] = sides as [Side, Side]
  if (kind === 'marking') {
    const levels = sides.map(({ says }) => says.slice('TLP:'.length) as Tlp)
    const distance = tlpLevels.indexOf(levels.at(-1)!) - tlpLevels.indexOf(levels[0]!)
    const resolution = `The value is shared as ${first.says}, as its freest source allows; what the stricter source says of it is not.`
    return { resolution, needs_people: distance > 1 }
  }
  if (kind === 'attribution') {
    return {
      resolution: 'Many tools have many users: both stand, unless one source contradicts the other.',
      needs_people: false,
    }
  }
  const clear = Math.max(first.documents, second.documents) >= 3 * Math.min(first.documents, second.documents)
  const stronger = first.documents >= second.documents ? first : second
  return clear
    ? { resolution: `Most sources say: ${stronger.says}.`, needs_people: false }
    : { resolution: 'Sources are divided; it is served as an indicator until somebody decides.', needs_people: true }
}

/** Where sources contradict each other, what follows by the rules, and what only people can decide. */
export const conflictReview: Playbook = {
  id: 'conflict-review',
  title: 'Conflict review',
  description:
    'Finds where your sources contradict each other: indicators that some call harmless, values under different TLP markings, malware given to several actors. Shows both sides with their sentences, says what follows by the rules, and what needs people. Needs no language model, and changes nothing.',
  input: Input,
  start: 'find',
  nodes: {
    find: { ...quick, title: 'Find contradictions', agent: 'arbiter', work: find },
    weigh: { ...quick, title: 'Weigh both sides', agent: 'arbiter', work: weigh },
  },
  edges: [{ from: 'find', to: 'weigh' }],
  output({ outputs }) {
    const conflicts = outputs.weigh as unknown as { needs_people: boolean }[]
    return { conflicts, needs_people: conflicts.filter(({ needs_people }) => needs_people).length } as unknown as Json
  },
}
