import * as v from 'valibot'
import type { Json, Sql } from '../../sql.ts'
import type { NodeContext, Playbook } from '../playbook.ts'
import { quick } from './asked.ts'

const days = (minimum: number, maximum: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(minimum), v.maxValue(maximum))

const Input = v.strictObject({
  recent_days: v.optional(v.pipe(days(1, 90), v.description('The window that is looked at')), 7),
  baseline_days: v.optional(v.pipe(days(7, 730), v.description('What came before it, to compare with')), 90),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 20),
})

interface Count {
  id: string
  kind: 'indicator' | 'technique' | 'actor' | 'software' | 'vulnerability'
  key: string
  name: string
  recent: number
  before: number
  first_seen: string
  evidence: { evidence_id: string; document_id: string; title: string; sentence: string }[]
}

/** In how many documents each thing was named, in the window and before it. */
async function count({ state, now, read, readUntrusted }: NodeContext): Promise<Json> {
  const { recent_days, baseline_days } = v.parse(Input, state.input)
  readUntrusted('sentences of documents')
  return (await read((sql) => countMentions(sql, now, recent_days, baseline_days))) as unknown as Json
}

async function countMentions(sql: Sql, now: Date, recentDays: number, baselineDays: number) {
  const [documents] = await sql<{ recent: number; before: number }[]>`
    select count(*) filter (where created_at > ${now}::timestamptz - make_interval(days => ${recentDays}))::integer as recent,
      count(*) filter (where created_at <= ${now}::timestamptz - make_interval(days => ${recentDays}))::integer as before
    from documents
    where status = 'ready' and created_at > ${now}::timestamptz - make_interval(days => ${recentDays + baselineDays})`
  const subjects = await sql<Count[]>`
    with named as (
      select distinct on (coalesce(e.indicator_id, e.entity_id), d.id) coalesce(e.indicator_id, e.entity_id) as id,
        coalesce(t.kind, 'indicator') as kind, coalesce(t.external_id, i.value) as key, coalesce(t.name, i.value) as name,
        coalesce(t.first_seen, i.first_seen) as first_seen, e.id as evidence_id, e.sentence, d.id as document_id,
        coalesce(d.title, d.file_name) as title, d.created_at,
        d.created_at > ${now}::timestamptz - make_interval(days => ${recentDays}) as is_recent
      from evidence e join documents d on d.id = e.document_id
        left join entities t on t.id = e.entity_id left join indicators i on i.id = e.indicator_id
      where e.suppressed_list is null and d.status = 'ready'
        and d.created_at > ${now}::timestamptz - make_interval(days => ${recentDays + baselineDays})
      order by coalesce(e.indicator_id, e.entity_id), d.id, e.confidence desc, e.id
    )
    select id, kind, key, name, first_seen, count(*) filter (where is_recent)::integer as recent,
      count(*) filter (where not is_recent)::integer as before,
      jsonb_path_query_array(jsonb_agg(jsonb_build_object('evidence_id', evidence_id, 'document_id', document_id,
        'title', title, 'sentence', sentence) order by created_at desc, evidence_id), '$[0 to 2]') as evidence
    from named group by id, kind, key, name, first_seen
    -- What was named once has no trend.
    having count(*) > 1
    order by count(*) desc, count(*) filter (where is_recent) desc, id limit 2000`
  return { documents: documents ?? { recent: 0, before: 0 }, subjects }
}

/** What rises, what is new and what fades, by how unlikely that is if nothing had changed. */
async function compare({ state, readUntrusted }: NodeContext): Promise<Json> {
  const { limit } = v.parse(Input, state.input)
  readUntrusted('sentences of documents')
  const { documents, subjects } = state.outputs.count as unknown as Awaited<ReturnType<typeof countMentions>>
  const scored = subjects.map((subject) => ({ ...subject, ...deviation(subject, documents) }))
  const strongest = (wanted: (one: (typeof scored)[number]) => boolean, sign: 1 | -1) =>
    scored
      .filter(wanted)
      .sort((a, b) => sign * (b.score - a.score) || b.recent - a.recent || (a.id < b.id ? -1 : 1))
      .slice(0, limit)
  return {
    documents,
    rising: strongest(({ score, before }) => before > 0 && score >= 2, 1),
    appeared: strongest(({ before, recent }) => before === 0 && recent >= 2, 1),
    fading: strongest(({ score }) => score <= -2, -1),
  } as unknown as Json
}

/**
 * How far a count is from what it would be if the subject were named in as large a part of the documents as before, in
 * standard deviations of a Poisson variable; one is added to what is expected, so that rare things don't rise at once.
 */
export function deviation(
  { recent, before }: { recent: number; before: number },
  documents: { recent: number; before: number },
): { expected: number; score: number } {
  const share = documents.before === 0 ? 0 : before / documents.before
  const expected = share * documents.recent
  const score = (recent - expected) / Math.sqrt(expected + 1)
  return { expected: Math.round(expected * 100) / 100, score: Math.round(score * 100) / 100 }
}

/** What rises, what is new and what fades in the workspace's documents. */
export const trendWatch: Playbook = {
  id: 'trend-watch',
  title: 'Trend watch',
  description:
    'Compares how often indicators, actors, malware, techniques and vulnerabilities are named lately with how often they were named before, and shows the sentences behind what rises, appears and fades. Runs by itself once a day where documents came in. Counts and compares; needs no language model.',
  input: Input,
  start: 'count',
  nodes: {
    count: { ...quick, title: 'Count what is named', agent: 'seer', work: count },
    compare: { ...quick, title: 'Compare with before', agent: 'seer', work: compare },
  },
  edges: [{ from: 'count', to: 'compare' }],
  output: ({ outputs }) => outputs.compare!,
}
