import * as v from 'valibot'
import { attackAttribution, attackVersion, techniqueById } from '../attack/catalogue.ts'
import { Timestamp } from '../ids.ts'
import type { Sql } from '../sql.ts'
import { Tlp, tlpLevels, tlpUpTo } from '../tlp.ts'

const Count = v.pipe(v.number(), v.integer())

export const TechniqueCoverage = v.strictObject({
  technique_id: v.string(),
  name: v.string(),
  tactics: v.pipe(v.array(v.string()), v.description('Short names, e.g. `persistence`')),
  documents: v.pipe(Count, v.description('Documents that name it')),
  actors: v.pipe(Count, v.description('Actors that the same documents name')),
  last_seen: v.pipe(v.nullable(Timestamp), v.description('When the newest of those documents came in')),
  rules: v.pipe(Count, v.description('Active rules that say they detect it, or one of its sub-techniques')),
  draft_rules: Count,
  gap_score: v.pipe(v.number(), v.description('How much a rule is missing; 0 where there is one')),
})
export type TechniqueCoverage = v.InferInput<typeof TechniqueCoverage>

export const Coverage = v.strictObject({
  attack_version: v.string(),
  attribution: v.string(),
  tlp: v.pipe(Tlp, v.description('The strictest of the documents and rules that were counted')),
  seen: v.pipe(Count, v.description('Techniques that documents name')),
  covered: v.pipe(Count, v.description('How many of those have an active rule')),
  techniques: v.pipe(v.array(TechniqueCoverage), v.description('The widest gap first')),
})
export type Coverage = v.InferInput<typeof Coverage>

export interface CoverageRequest {
  workspaceId: string | null
  /** Documents and rules above this level are not counted. */
  maximumTlp: Tlp
  now: Date
}

/** How a technique is seen in documents. */
interface Sighting {
  technique_id: string
  documents: number
  actors: number
  last_seen: string
  tlp_rank: number
}

/** A rule's technique. */
interface RuleCount {
  technique_id: string
  rules: number
  draft_rules: number
  tlp_rank: number
}

/** Compares what a workspace's documents say that attackers do with what its rules say that they detect. */
export async function readCoverage(sql: Sql, request: CoverageRequest): Promise<Coverage> {
  const levels = tlpUpTo(request.maximumTlp)
  const sightings = await sql<Sighting[]>`
    with named as (
      select distinct e.document_id, t.kind, t.id, t.external_id, d.created_at, d.tlp
      from evidence e join entities t on t.id = e.entity_id join documents d on d.id = e.document_id
      where e.workspace_id = ${request.workspaceId} and t.kind in ('technique', 'actor') and d.tlp in ${sql(levels)}
    )
    select t.external_id as technique_id, count(distinct t.document_id)::integer as documents,
      count(distinct a.id)::integer as actors, max(t.created_at) as last_seen, max(tlp_rank(t.tlp)) as tlp_rank
    from named t left join named a on a.document_id = t.document_id and a.kind = 'actor'
    where t.kind = 'technique'
    group by t.external_id`
  // A rule for a sub-technique detects its technique too, but not the other way round.
  const rules = await sql<RuleCount[]>`
    select one.technique_id, count(distinct r.id) filter (where r.status = 'active')::integer as rules,
      count(distinct r.id) filter (where r.status = 'draft')::integer as draft_rules, max(tlp_rank(r.tlp)) as tlp_rank
    from detection_rules r cross join jsonb_array_elements_text(r.techniques) named (id)
      cross join lateral (values (named.id), (left(named.id, 5))) one (technique_id)
    where r.workspace_id = ${request.workspaceId} and r.status <> 'retired' and r.tlp in ${sql(levels)}
    group by one.technique_id`
  return compare(sightings, rules, request.now)
}

function compare(sightings: readonly Sighting[], rules: readonly RuleCount[], now: Date): Coverage {
  const seen = new Map(sightings.map((row) => [row.technique_id, row]))
  const ruled = new Map(rules.map((row) => [row.technique_id, row]))
  const techniques = [...new Set([...seen.keys(), ...ruled.keys()])].flatMap((id): TechniqueCoverage[] => {
    const technique = techniqueById(id)
    const sighting = seen.get(id)
    const count = ruled.get(id)
    if (technique === undefined) return []
    return [
      {
        technique_id: id,
        name: technique.name,
        tactics: technique.tactics.map(({ shortname }) => shortname),
        documents: sighting?.documents ?? 0,
        actors: sighting?.actors ?? 0,
        last_seen: sighting?.last_seen ?? null,
        rules: count?.rules ?? 0,
        draft_rules: count?.draft_rules ?? 0,
        gap_score: sighting === undefined || (count?.rules ?? 0) > 0 ? 0 : gapScore(sighting, now),
      },
    ]
  })
  techniques.sort(
    (a, b) => b.gap_score - a.gap_score || b.documents - a.documents || (a.technique_id < b.technique_id ? -1 : 1),
  )
  const rank = Math.max(1, ...sightings.map((row) => row.tlp_rank), ...rules.map((row) => row.tlp_rank))
  const seenHere = techniques.filter(({ documents }) => documents > 0)
  return {
    attack_version: attackVersion,
    attribution: attackAttribution,
    tlp: tlpLevels[rank - 1] ?? 'RED',
    seen: seenHere.length,
    covered: seenHere.filter((technique) => technique.rules > 0).length,
    techniques,
  }
}

/** Days after which a sighting counts half. */
const halfLifeDays = 90

/**
 * How much a rule is missing: documents that name the technique, half as much for each 90 days since the newest, more for
 * each doubling of the actors that are named with it. Two decimals.
 */
export function gapScore(sighting: { documents: number; actors: number; last_seen: string }, now: Date): number {
  const days = Math.max(0, (now.getTime() - new Date(sighting.last_seen).getTime()) / 86_400_000)
  const score = sighting.documents * 2 ** (-days / halfLifeDays) * (1 + Math.log2(1 + sighting.actors))
  return Math.round(score * 100) / 100
}
