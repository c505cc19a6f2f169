import * as v from 'valibot'
import type { Draft } from '../../claims/types.ts'
import { readText } from '../../documents/passages.ts'
import { renderMarkdown } from '../../guardian/render.ts'
import type { Review } from '../../guardian/types.ts'
import { Id } from '../../ids.ts'
import { readIndicator } from '../../intelligence/read.ts'
import { sentenceSpan } from '../../intelligence/sentence.ts'
import { storableText } from '../../plain-text.ts'
import type { Json, Sql } from '../../sql.ts'
import { Tlp, tlpUpTo } from '../../tlp.ts'
import type { NodeContext, Playbook } from '../playbook.ts'
import { assessIndicator, type IndicatorMaterial, type Neighbour } from '../tasks/assess-indicator.ts'
import { asked, quick, withModel } from './asked.ts'
import { guard } from './guard.ts'

const Input = v.strictObject({
  indicator_id: Id,
  audience_tlp: v.optional(
    v.pipe(Tlp, v.description('The highest level that readers may see; documents above it are not read')),
    'AMBER+STRICT',
  ),
})

/** Documents whose text is read for their sentences. */
const maximumMentions = 30
const maximumNeighbours = 40

type Mention = IndicatorMaterial['mentions'][number]

/** The indicator, and of the newest documents that its readers may see the sentence that names it. */
function readMentions({ state, read, readUntrusted }: NodeContext): Promise<Json> {
  const { indicator_id, audience_tlp } = v.parse(Input, state.input)
  readUntrusted('sentences of documents')
  return read(async (sql) => {
    const indicator = await readIndicator(sql, indicator_id)
    const rows = await sql<(Omit<Mention, 'start' | 'end' | 'sentence'> & { from: number; to: number })[]>`
      select distinct on (e.document_id) e.id, e.document_id, coalesce(d.title, d.file_name) as title, d.tlp, d.created_at,
        e.confidence, e.suppressed_reason, e.start_offset as "from", e.end_offset as "to"
      from evidence e join documents d on d.id = e.document_id
      where e.indicator_id = ${indicator_id} and d.status = 'ready' and d.tlp in ${sql(tlpUpTo(audience_tlp))}
      order by e.document_id desc, e.confidence desc, e.start_offset
      limit ${maximumMentions}`
    const mentions: Mention[] = []
    for (const { from, to, ...row } of rows) {
      const { text } = await readText(sql, row.document_id)
      const { start, end } = sentenceSpan(text, from, to)
      mentions.push({ ...row, start, end, sentence: storableText(text.slice(start, end)) })
    }
    return { indicator, mentions } as unknown as Json
  })
}

/** What is named near it: in the same sentence, or in the same document; the closest and most frequent first. */
async function findNeighbours({ state, read, readUntrusted }: NodeContext): Promise<Json> {
  const { indicator_id, audience_tlp } = v.parse(Input, state.input)
  readUntrusted('names in documents')
  return (await read((sql) => listNeighbours(sql, indicator_id, audience_tlp))) as unknown as Json
}

function listNeighbours(sql: Sql, indicatorId: string, audience: Tlp): Promise<Neighbour[]> {
  return sql<Neighbour[]>`
    with own as (
      select e.document_id, e.sentence from evidence e join documents d on d.id = e.document_id
      where e.indicator_id = ${indicatorId} and e.suppressed_list is null and d.tlp in ${sql(tlpUpTo(audience))}
    )
    select coalesce(e.indicator_id, e.entity_id) as id, coalesce(t.kind, 'indicator') as kind, i.type,
      coalesce(t.external_id, i.value) as key, coalesce(t.name, i.value) as name,
      count(distinct e.document_id)::integer as documents,
      count(distinct e.document_id) filter (where e.sentence = o.sentence)::integer as sentences
    from evidence e join own o on o.document_id = e.document_id
      left join entities t on t.id = e.entity_id left join indicators i on i.id = e.indicator_id
    where e.suppressed_list is null and e.indicator_id is distinct from ${indicatorId}
    group by 1, 2, 3, 4, 5
    order by sentences desc, documents desc, kind, key limit ${maximumNeighbours}`
}

async function assess({ state, agent, now, complete, readUntrusted }: NodeContext): Promise<Json> {
  readUntrusted('sentences of documents')
  const { task, system, output } = asked(assessIndicator, agent.instructions)
  const read = state.outputs.read as { [name: string]: Json }
  const material = { ...read, neighbours: state.outputs.connect!, now: now.toISOString() }
  const answer = await complete({ task, system, output, material })
  return { ...answer.output, model: answer.model } as unknown as Json
}

async function check(context: NodeContext): Promise<Json> {
  const { audience_tlp } = v.parse(Input, context.state.input)
  const { draft } = context.state.outputs.assess as { draft: Json }
  return (await guard(context, draft, { audience: audience_tlp, mode: 'remove' })) as unknown as Json
}

/** Everything that is known of one indicator, weighed. It changes nothing, so it needs no approval. */
export const investigateIndicator: Playbook = {
  id: 'investigate-indicator',
  title: 'Investigate an indicator',
  description:
    'Gathers every sentence that names an indicator and what is named near it, weighs how far to trust it, says what to do, and writes it up with citations that are checked. Counting, weighing and quoting is done by rules; a language model only words it better.',
  input: Input,
  start: 'read',
  nodes: {
    read: { ...quick, title: 'Read where it is named', agent: 'cognition', work: readMentions },
    connect: { ...quick, title: 'Look at what is named near it', agent: 'cognition', work: findNeighbours },
    assess: { ...withModel, title: 'Weigh it and write it up', agent: 'cognition', work: assess },
    guard: { ...quick, title: 'Check every claim', agent: 'arbiter', work: check },
  },
  edges: [
    { from: 'read', to: 'assess' },
    { from: 'read', to: 'connect' },
    { from: 'connect', to: 'assess' },
    { from: 'assess', to: 'guard' },
  ],
  output({ outputs }) {
    const { indicator, mentions } = outputs.read as unknown as IndicatorMaterial
    const { verdict } = outputs.assess as { verdict: Json }
    const { draft, findings } = outputs.guard as unknown as Review
    const titles = new Map(mentions.map(({ document_id, title }) => [document_id, title]))
    const markdown = draft && renderMarkdown(draft as Draft, { titles: (id) => titles.get(id) ?? id })
    return { indicator, verdict, neighbours: outputs.connect, brief: { draft, markdown, findings } } as unknown as Json
  },
}
