import * as v from 'valibot'
import { AppError, type ErrorDetail, notFound } from '../errors.ts'
import { Id, Timestamp } from '../ids.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import { entityKinds } from './findings.ts'
import { relationshipTypes, relationshipTypesBetween, type SubjectNature } from './relationship-types.ts'

export const relationshipStatuses = ['proposed', 'accepted', 'rejected'] as const
export type RelationshipStatus = (typeof relationshipStatuses)[number]

const RelatedSubject = v.strictObject({
  id: Id,
  kind: v.picklist(['indicator', ...entityKinds]),
  name: v.pipe(v.string(), v.description("An indicator's value, or what a technique, actor … is called")),
})

export const Relationship = v.strictObject({
  id: Id,
  source: RelatedSubject,
  relationship_type: v.pipe(v.string(), v.description('As in STIX 2.1, e.g. `uses`')),
  target: RelatedSubject,
  status: v.picklist(relationshipStatuses),
  confidence: v.pipe(v.number(), v.integer(), v.description('0 to 100')),
  evidence_ids: v.array(Id),
  run_id: v.pipe(v.nullable(Id), v.description('The run of an agent that proposed it; null when a person did')),
  created_by: v.nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
  decided_at: v.nullable(Timestamp),
  decided_by: v.nullable(Id),
})
export type Relationship = v.InferInput<typeof Relationship>

export const RelationshipDraft = v.strictObject({
  source_id: v.pipe(Id, v.description('Of an indicator, or of a technique, actor, software or vulnerability')),
  relationship_type: v.picklist(relationshipTypes),
  target_id: Id,
  confidence: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)), 50),
  evidence_ids: v.pipe(v.array(Id), v.minLength(1), v.maxLength(100), v.description('Where documents say so')),
})

export const RelationshipDecision = v.strictObject({ status: v.picklist(['accepted', 'rejected']) })

export interface NewRelationship {
  /** Made by the caller: proposing it again answers the relationship that is there. */
  id: string
  orgId: string
  workspaceId: string
  /** Of an indicator or entity. */
  sourceId: string
  relationshipType: string
  targetId: string
  confidence: number
  /** At least one, all visible here, each of one of the two. */
  evidenceIds: readonly string[]
  runId: string | null
  createdBy: string | null
}

function selected(sql: Sql) {
  const subject = (indicatorId: ReturnType<Sql>, entityId: ReturnType<Sql>) => sql`
    case when ${indicatorId} is not null
      then (select jsonb_build_object('id', i.id, 'kind', 'indicator', 'name', i.value) from indicators i where i.id = ${indicatorId})
      else (select jsonb_build_object('id', t.id, 'kind', t.kind, 'name', t.name) from entities t where t.id = ${entityId})
    end`
  return sql`
    r.id, ${subject(sql`r.source_indicator_id`, sql`r.source_entity_id`)} as source, r.relationship_type,
    ${subject(sql`r.target_indicator_id`, sql`r.target_entity_id`)} as target, r.status, r.confidence, coalesce((
      select jsonb_agg(e.evidence_id order by e.evidence_id) from relationship_evidence e where e.relationship_id = r.id
    ), '[]') as evidence_ids, r.run_id, r.created_by, r.created_at, r.updated_at, r.decided_at, r.decided_by`
}

/**
 * Proposes that one thing is related to another. What is there already stays as it was decided, and rests on more
 * evidence; while it is undecided its confidence is the higher of the two.
 *
 * @throws AppError NOT_FOUND for a subject that can't be seen, VALIDATION_ERROR when STIX 2.1 has no such relationship
 * between the two or the evidence is of neither
 */
export async function proposeRelationship(sql: Sql, draft: NewRelationship): Promise<Relationship> {
  const [source, target] = [await readSubject(sql, draft.sourceId), await readSubject(sql, draft.targetId)]
  const evidenceIds = [...new Set(draft.evidenceIds)]
  const wrong: ErrorDetail[] = []
  if (draft.sourceId === draft.targetId) wrong.push({ field: 'body.target_id', message: 'must be another' })
  const allowed = relationshipTypesBetween(source, target)
  if (!allowed.includes(draft.relationshipType)) {
    wrong.push({ field: 'body.relationship_type', message: `must be one of ${allowed.join(', ')}` })
  }
  if (!(await isEvidenceOf(sql, evidenceIds, [draft.sourceId, draft.targetId]))) {
    wrong.push({ field: 'body.evidence_ids', message: 'must be evidence of the source or the target' })
  }
  if (wrong.length > 0) throw new AppError('VALIDATION_ERROR', 'The two can not be related so', wrong)
  const [made] = await sql<{ id: string }[]>`
    insert into relationships (id, org_id, workspace_id, source_indicator_id, source_entity_id, relationship_type,
      target_indicator_id, target_entity_id, confidence, run_id, created_by)
    values (${draft.id}, ${draft.orgId}, ${draft.workspaceId}, ${columnsOf(source, draft.sourceId).indicator},
      ${columnsOf(source, draft.sourceId).entity}, ${draft.relationshipType},
      ${columnsOf(target, draft.targetId).indicator}, ${columnsOf(target, draft.targetId).entity}, ${draft.confidence},
      ${draft.runId}, ${draft.createdBy})
    on conflict do nothing
    returning id`
  const id = made?.id ?? (await strengthen(sql, draft))
  await sql`
    insert into relationship_evidence (org_id, workspace_id, relationship_id, evidence_id)
    select ${draft.orgId}::uuid, ${draft.workspaceId}::uuid, ${id}::uuid, value::uuid
    from jsonb_array_elements_text(${sql.json(evidenceIds)})
    on conflict do nothing`
  return readRelationship(sql, id)
}

function columnsOf(subject: SubjectNature, id: string): { indicator: string | null; entity: string | null } {
  return subject.kind === 'indicator' ? { indicator: id, entity: null } : { indicator: null, entity: id }
}

async function strengthen(sql: Sql, draft: NewRelationship): Promise<string> {
  const [known] = await sql<{ id: string }[]>`
    update relationships r set updated_at = now(),
      confidence = case when status = 'proposed' then greatest(confidence, ${draft.confidence}) else confidence end
    where id = ${draft.id} or workspace_id = ${draft.workspaceId} and relationship_type = ${draft.relationshipType}
      and coalesce(source_indicator_id, source_entity_id) = ${draft.sourceId}
      and coalesce(target_indicator_id, target_entity_id) = ${draft.targetId}
    returning id`
  if (!known) throw notFound('Relationship')
  return known.id
}

/** @throws AppError NOT_FOUND, also when the caller may see no evidence for it */
async function readSubject(sql: Sql, id: string): Promise<SubjectNature> {
  const [subject] = await sql<SubjectNature[]>`
    select 'indicator' as kind, type, null as external_id from indicators i
    where id = ${id} and exists (select from evidence e where e.indicator_id = i.id)
    union all
    select kind, null, external_id from entities t
    where id = ${id} and exists (select from evidence e where e.entity_id = t.id)`
  if (!subject) throw notFound('Subject')
  return subject
}

async function isEvidenceOf(sql: Sql, evidenceIds: string[], subjectIds: string[]): Promise<boolean> {
  if (evidenceIds.length === 0) return false
  const [found] = await sql<{ count: number }[]>`
    select count(*)::integer as count from evidence
    where id in ${sql(evidenceIds)} and coalesce(indicator_id, entity_id) in ${sql(subjectIds)}`
  return found?.count === evidenceIds.length
}

export interface RelationshipFilter {
  workspaceId: string | null
  status: RelationshipStatus | null
  /** Of an indicator or entity, on either side. */
  subjectId: string | null
}

/** The relationships of a workspace, newest first. */
export function listRelationships(sql: Sql, filter: RelationshipFilter, page: Page): Promise<Relationship[]> {
  const { subjectId } = filter
  return sql<Relationship[]>`
    select ${selected(sql)} from relationships r
    where r.workspace_id = ${filter.workspaceId} and r.id < ${page.before ?? endOfIds}
      ${filter.status === null ? sql`` : sql`and r.status = ${filter.status}`}
      ${
        subjectId === null
          ? sql``
          : sql`and (r.source_indicator_id = ${subjectId} or r.source_entity_id = ${subjectId}
              or r.target_indicator_id = ${subjectId} or r.target_entity_id = ${subjectId})`
      }
    order by r.id desc
    limit ${page.size + 1}`
}

/**
 * @param lock keeps it from being changed until the transaction ends
 * @throws AppError NOT_FOUND
 */
export async function readRelationship(sql: Sql, id: string, lock = false): Promise<Relationship> {
  const [relationship] = await sql<Relationship[]>`
    select ${selected(sql)} from relationships r where r.id = ${id} ${lock ? sql`for update of r` : sql``}`
  if (!relationship) throw notFound('Relationship')
  return relationship
}

/** Accepts or rejects a relationship, also one that was decided otherwise. @throws AppError NOT_FOUND */
export async function decideRelationship(
  sql: Sql,
  id: string,
  decision: { status: 'accepted' | 'rejected'; decidedBy: string | null; now: Date },
): Promise<Relationship> {
  const { count } = await sql`
    update relationships set status = ${decision.status}, decided_at = ${decision.now}, decided_by = ${decision.decidedBy},
      updated_at = now()
    where id = ${id}`
  if (count === 0) throw notFound('Relationship')
  return readRelationship(sql, id)
}
