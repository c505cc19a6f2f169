import * as v from 'valibot'
import { readCoverage } from '../../detection/coverage.ts'
import { toNavigatorLayer } from '../../detection/navigator.ts'
import type { Json, Sql } from '../../sql.ts'
import { Tlp, tlpUpTo } from '../../tlp.ts'
import type { NodeContext, Playbook } from '../playbook.ts'
import { quick } from './asked.ts'

const Input = v.strictObject({
  maximum_tlp: v.optional(v.pipe(Tlp, v.description('Documents and rules above it are not counted')), 'AMBER'),
  gaps: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(50), v.description('How many gaps to explain')),
    10,
  ),
})

/** Pieces of evidence that are shown for a gap. */
const shownEvidence = 3

interface GapEvidence {
  technique_id: string
  evidence_id: string
  document_id: string
  document_title: string
  sentence: string
}

function measure({ state, run, now, read }: NodeContext): Promise<Json> {
  const { maximum_tlp } = v.parse(Input, state.input)
  return read(async (sql) => {
    const coverage = await readCoverage(sql, { workspaceId: run.workspaceId, maximumTlp: maximum_tlp, now })
    return { coverage, layer: toNavigatorLayer(coverage, 'Coverage') } as unknown as Json
  })
}

/** For each technique the newest sentences that name it, one a document, none above the level that was asked for. */
function listGapEvidence(
  sql: Sql,
  { workspaceId, maximumTlp }: { workspaceId: string; maximumTlp: Tlp },
  techniques: readonly string[],
): Promise<GapEvidence[]> {
  return sql<GapEvidence[]>`
    select technique_id, evidence_id, document_id, document_title, sentence from (
      select one.*, row_number() over (partition by technique_id order by created_at desc, evidence_id) as number
      from (
        select distinct on (t.external_id, d.id) t.external_id as technique_id, e.id as evidence_id,
          d.id as document_id, coalesce(d.title, d.file_name) as document_title, e.sentence, d.created_at
        from evidence e join entities t on t.id = e.entity_id join documents d on d.id = e.document_id
        where t.kind = 'technique' and e.workspace_id = ${workspaceId} and e.suppressed_list is null
          and d.tlp in ${sql(tlpUpTo(maximumTlp))}
          and t.external_id in (select value from jsonb_array_elements_text(${sql.json(techniques as unknown as Json)}))
        order by t.external_id, d.id, e.confidence desc, e.id
      ) one
    ) numbered where number <= ${shownEvidence}
    order by technique_id, number`
}

async function explain({ state, run, read, readUntrusted }: NodeContext): Promise<Json> {
  const { gaps, maximum_tlp } = v.parse(Input, state.input)
  const { coverage } = state.outputs.measure as unknown as { coverage: Awaited<ReturnType<typeof readCoverage>> }
  const widest = coverage.techniques.filter(({ gap_score }) => gap_score > 0).slice(0, gaps)
  const evidence = await read((sql) =>
    listGapEvidence(
      sql,
      { workspaceId: run.workspaceId, maximumTlp: maximum_tlp },
      widest.map(({ technique_id }) => technique_id),
    ),
  )
  if (evidence.length > 0) readUntrusted('sentences of documents')
  return widest.map((gap) => ({
    ...gap,
    evidence: evidence
      .filter(({ technique_id }) => technique_id === gap.technique_id)
      .map(({ technique_id, ...rest }) => rest),
  })) as unknown as Json
}

/** What attackers do according to the workspace's documents, and which of it no active rule detects. */
export const coverageGaps: Playbook = {
  id: 'coverage-gaps',
  title: 'Coverage and gaps',
  description:
    'Compares the ATT&CK techniques of your documents with those that your active rules detect, ranks the gaps by how often, how lately and by how many actors they are used, and shows the sentences behind each. Counts and ranks; needs no language model.',
  input: Input,
  start: 'measure',
  nodes: {
    measure: { ...quick, title: 'Compare documents with rules', agent: 'strategos', work: measure },
    explain: { ...quick, title: 'Show what is behind the gaps', agent: 'seer', work: explain },
  },
  edges: [{ from: 'measure', to: 'explain' }],
  output({ outputs }) {
    const { coverage, layer } = outputs.measure as { coverage: Record<string, Json>; layer: Json }
    const { attack_version, attribution, tlp, seen, covered } = coverage
    return { attack_version, attribution, tlp, seen, covered, gaps: outputs.explain, navigator_layer: layer } as Json
  },
}
