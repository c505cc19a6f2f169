import type { ProcessingDocument } from '../documents/documents.ts'
import type { Json, Sql } from '../sql.ts'
import { lifetimeDays } from './confidence.ts'
import { scoreOf } from './decay.ts'
import type { Finding, Findings, Subject } from './findings.ts'

/**
 * Makes a document's evidence exactly what the engine found in its text, and brings the indicators and entities that
 * it speaks of up to date. Doing it again changes nothing: evidence keeps its id as long as it is found, what is no
 * longer found goes, and with it what no evidence is left for.
 */
export async function recordExtraction(sql: Sql, document: ProcessingDocument, found: Findings): Promise<void> {
  await stage(sql, document, found)
  const gone = await sql<{ indicator_id: string | null; entity_id: string | null }[]>`
    delete from evidence e where e.document_id = ${document.id} and e.how <> ${byAgent} and not exists (
      select from found f
      where coalesce(f.indicator_id, f.entity_id) = coalesce(e.indicator_id, e.entity_id)
        and f.start_offset = e.start_offset and f.end_offset = e.end_offset)
    returning indicator_id, entity_id`
  await insertEvidence(sql, document)
  await derive(sql, document.id, gone)
}

/** How evidence was found that the engine did not find: it stays when the document is processed again. */
export const byAgent = 'agent'

/** Adds evidence of a document to what was found in it, and brings its indicators and entities up to date. */
export async function addEvidence(sql: Sql, document: EvidencedDocument, found: Findings): Promise<void> {
  await stage(sql, document, found)
  await insertEvidence(sql, document)
  // There may be more of it in the same transaction.
  await sql`drop table found, subject`
  await derive(sql, document.id, [])
}

/** What is to be known of the document. */
export type EvidencedDocument = Pick<ProcessingDocument, 'id' | 'org_id' | 'workspace_id' | 'tlp' | 'created_at'>

/** Makes the rows of the subjects, and puts the findings into a table beside their ids. */
async function stage(sql: Sql, document: EvidencedDocument, { subjects, findings }: Findings): Promise<void> {
  await lockEvidence(sql, document.org_id)
  if (subjects.length > manySubjects) {
    // The planner knows nothing of rows written a moment ago: for many it would loop over tables that it takes for empty.
    await sql`set local enable_nestloop = off`
    // Nor is a plan any good that this connection has kept since it worked on small documents.
    await sql`set local plan_cache_mode = force_custom_plan`
  }
  await stageSubjects(sql, subjects)
  await insertSubjects(sql, document)
  await sql`create temporary table found (
    id uuid, indicator_id uuid, entity_id uuid, page integer, start_offset integer, end_offset integer, quote text,
    sentence text, how text, defanged boolean, suppressed_reason text, suppressed_list text, confidence smallint
  ) on commit drop`
  await stageFindings(sql, findings)
}

async function insertEvidence(sql: Sql, document: EvidencedDocument): Promise<void> {
  await sql`
    insert into evidence (id, org_id, workspace_id, document_id, indicator_id, entity_id, page, start_offset, end_offset,
      quote, sentence, how, defanged, suppressed_reason, suppressed_list, confidence)
    select distinct on (coalesce(indicator_id, entity_id), start_offset, end_offset)
      id, ${document.org_id}::uuid, ${document.workspace_id}::uuid, ${document.id}::uuid, indicator_id, entity_id, page,
      start_offset, end_offset, quote, sentence, how, defanged, suppressed_reason, suppressed_list, confidence
    from found
    order by coalesce(indicator_id, entity_id), start_offset, end_offset, confidence desc
    on conflict (document_id, coalesce(indicator_id, entity_id), start_offset, end_offset) do update set
      page = excluded.page, quote = excluded.quote, sentence = excluded.sentence, how = excluded.how,
      defanged = excluded.defanged, suppressed_reason = excluded.suppressed_reason,
      suppressed_list = excluded.suppressed_list, confidence = excluded.confidence`
}

/** Documents of one organization share indicators; one writer at a time can't deadlock with another. */
async function lockEvidence(sql: Sql, orgId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${orgId}, 1))`
}

/** From here on reading a whole table once is cheaper than a mistaken loop. */
const manySubjects = 2000

/** Rows of one statement: a few megabytes. */
const batchSize = 5000

/** Puts the subjects into a table, with an index and statistics: a report can name tens of thousands. */
async function stageSubjects(sql: Sql, subjects: readonly Subject[]): Promise<void> {
  await sql`create temporary table subject (
    id uuid primary key, kind text, type text, value text, value_sha256 bytea, external_id text, name text, known_id uuid
  ) on commit drop`
  for (let at = 0; at < subjects.length; at += batchSize) {
    await sql`
      insert into subject
      select id, kind, type, value, decode(value_sha256, 'hex'), external_id, name
      from jsonb_to_recordset(${sql.json(subjects.slice(at, at + batchSize) as unknown as Json)})
        as row (id uuid, kind text, type text, value text, value_sha256 text, external_id text, name text)`
  }
  await sql`analyze subject`
}

/** Makes the rows of indicators and entities that the organization doesn't know yet, and notes under which id it knows each. */
async function insertSubjects(sql: Sql, document: EvidencedDocument): Promise<void> {
  const { org_id, tlp, created_at: seen } = document
  await sql`
    insert into indicators (id, org_id, type, value, value_sha256, tlp, confidence, first_seen, last_seen, valid_until)
    select id, ${org_id}, type, value, value_sha256, ${tlp}, 0, ${seen}, ${seen}, ${seen}
    from subject where kind = 'indicator'
    on conflict (org_id, type, value_sha256) do nothing`
  await sql`
    insert into entities (id, org_id, kind, external_id, name, tlp, first_seen, last_seen)
    select id, ${org_id}, kind, external_id, name, ${tlp}, ${seen}, ${seen}
    from subject where kind <> 'indicator'
    on conflict (org_id, kind, external_id) do nothing`
  await sql`
    update subject s set known_id = i.id from indicators i
    where s.kind = 'indicator' and i.org_id = ${org_id} and i.type = s.type and i.value_sha256 = s.value_sha256`
  await sql`
    update subject s set known_id = e.id from entities e
    where s.kind <> 'indicator' and e.org_id = ${org_id} and e.kind = s.kind and e.external_id = s.external_id`
}

/** Puts the findings beside the ids under which the organization knows their subjects. */
async function stageFindings(sql: Sql, findings: readonly Finding[]): Promise<void> {
  for (let at = 0; at < findings.length; at += batchSize) {
    await sql`
      insert into found
      select row.id, case when s.kind = 'indicator' then s.known_id end, case when s.kind <> 'indicator' then s.known_id end,
        row.page, row.start_offset, row.end_offset, row.quote, row.sentence, row.how, row.defanged, row.suppressed_reason,
        row.suppressed_list, row.confidence
      from jsonb_to_recordset(${sql.json(findings.slice(at, at + batchSize) as unknown as Json)}) as row (
        id uuid, subject_id uuid, page integer, start_offset integer, end_offset integer, quote text, sentence text,
        how text, defanged boolean, suppressed_reason text, suppressed_list text, confidence smallint)
      join subject s on s.id = row.subject_id`
  }
  await sql`create index on found (coalesce(indicator_id, entity_id), start_offset)`
  await sql`analyze found`
}

/**
 * Derives the indicators of a document, and those that lost evidence of it, from all the evidence there is:
 * - TLP: the least restrictive of their sources, as the value may be shared as freely as its freest source;
 * - confidence: that of the best mention of each document, combined as independent witnesses (1 − Π(1 − cᵢ)), at most 95;
 * - suppressed: when every mention is, with the reason of one of them;
 * - seen: between the first and the last document that has them; their score decays from then on.
 */
async function deriveIndicators(sql: Sql, documentId: string | null, goneIds: readonly string[]): Promise<void> {
  const score = scoreOf(sql, { confidence: sql`x.confidence`, type: sql`i.type`, lastSeen: sql`x.last_seen` })
  await sql`
    with affected as (
      select distinct indicator_id as id from evidence where document_id = ${documentId} and indicator_id is not null
      union
      select value::uuid from jsonb_array_elements_text(${sql.json(goneIds as unknown as Json)})
    ), witnesses as (
      select e.indicator_id, e.document_id, max(e.confidence) as confidence,
        bool_and(e.suppressed_list is not null) as suppressed,
        min(e.suppressed_list || e'\n' || e.suppressed_reason) as list_and_reason
      from evidence e join affected a on a.id = e.indicator_id
      group by e.indicator_id, e.document_id
    ), derived as (
      select w.indicator_id as id,
        least(95, round(100 * (1 - exp(sum(ln(1 - w.confidence / 100.0))))))::smallint as confidence,
        case when bool_and(w.suppressed) then split_part(min(w.list_and_reason), e'\n', 1) end as suppressed_list,
        case when bool_and(w.suppressed) then split_part(min(w.list_and_reason), e'\n', 2) end as suppressed_reason,
        (array_agg(d.tlp order by tlp_rank(d.tlp)))[1] as tlp,
        min(d.created_at) as first_seen, max(d.created_at) as last_seen
      from witnesses w join documents d on d.id = w.document_id
      group by w.indicator_id
    )
    update indicators i set
      confidence = x.confidence, score = ${score}, suppressed_reason = x.suppressed_reason, suppressed_list = x.suppressed_list,
      tlp = x.tlp, first_seen = x.first_seen, last_seen = x.last_seen,
      valid_until = x.last_seen + make_interval(days => (${sql.json(lifetimeDays)}::jsonb ->> i.type)::integer),
      updated_at = now()
    from derived x
    where i.id = x.id and (i.confidence, i.suppressed_reason, i.tlp, i.first_seen, i.last_seen, i.valid_until)
      is distinct from (x.confidence, x.suppressed_reason, x.tlp, x.first_seen, x.last_seen, x.last_seen
        + make_interval(days => (${sql.json(lifetimeDays)}::jsonb ->> i.type)::integer))`
  await sql`
    delete from indicators i
    where i.id in (select value::uuid from jsonb_array_elements_text(${sql.json(goneIds as unknown as Json)}))
      and not exists (select from evidence e where e.indicator_id = i.id)`
}

/** The same for the entities of a document. */
async function deriveEntities(sql: Sql, documentId: string | null, goneIds: readonly string[]): Promise<void> {
  await sql`
    with affected as (
      select distinct entity_id as id from evidence where document_id = ${documentId} and entity_id is not null
      union
      select value::uuid from jsonb_array_elements_text(${sql.json(goneIds as unknown as Json)})
    ), derived as (
      select e.entity_id as id, (array_agg(d.tlp order by tlp_rank(d.tlp)))[1] as tlp,
        min(d.created_at) as first_seen, max(d.created_at) as last_seen
      from evidence e join affected a on a.id = e.entity_id join documents d on d.id = e.document_id
      group by e.entity_id
    )
    update entities t set tlp = x.tlp, first_seen = x.first_seen, last_seen = x.last_seen, updated_at = now()
    from derived x
    where t.id = x.id and (t.tlp, t.first_seen, t.last_seen) is distinct from (x.tlp, x.first_seen, x.last_seen)`
  await sql`
    delete from entities t
    where t.id in (select value::uuid from jsonb_array_elements_text(${sql.json(goneIds as unknown as Json)}))
      and not exists (select from evidence e where e.entity_id = t.id)`
}

/** Forgets all that a document says, and brings what it spoke of up to date: it has turned out to be no document of its own. */
export async function removeFindings(sql: Sql, documentId: string, orgId: string): Promise<void> {
  await lockEvidence(sql, orgId)
  const gone = await sql<{ indicator_id: string | null; entity_id: string | null }[]>`
    delete from evidence where document_id = ${documentId} returning indicator_id, entity_id`
  await derive(sql, documentId, gone)
}

/**
 * Forgets a part of what the documents of a workspace say, and brings what it spoke of up to date.
 * @returns how many pieces of evidence went; 0: there is none left
 */
export async function removeWorkspaceFindings(
  sql: Sql,
  place: { workspaceId: string; orgId: string },
  limit: number,
): Promise<number> {
  await lockEvidence(sql, place.orgId)
  const gone = await sql<{ indicator_id: string | null; entity_id: string | null }[]>`
    delete from evidence
    where id in (select id from evidence where workspace_id = ${place.workspaceId} limit ${limit})
    returning indicator_id, entity_id`
  if (gone.length > 0) await derive(sql, null, gone)
  return gone.length
}

/** Brings what a document speaks of up to date after its TLP has changed. */
export async function rederive(sql: Sql, documentId: string, orgId: string): Promise<void> {
  await lockEvidence(sql, orgId)
  await derive(sql, documentId, [])
}

async function derive(
  sql: Sql,
  documentId: string | null,
  gone: readonly { indicator_id: string | null; entity_id: string | null }[],
): Promise<void> {
  await deriveIndicators(sql, documentId, [...new Set(gone.flatMap((row) => row.indicator_id ?? []))])
  await deriveEntities(sql, documentId, [...new Set(gone.flatMap((row) => row.entity_id ?? []))])
}

/** Counts what a document holds, for its row and its job's result. */
export async function countFindings(sql: Sql, documentId: string): Promise<Record<string, number>> {
  const [counts] = await sql<Record<string, number>[]>`
    with subjects as (
      select indicator_id, entity_id, bool_and(suppressed_list is not null) as suppressed
      from evidence where document_id = ${documentId}
      group by indicator_id, entity_id
    )
    select
      count(indicator_id) filter (where not suppressed) as indicators,
      count(indicator_id) filter (where suppressed) as suppressed,
      count(*) filter (where t.kind = 'technique') as techniques,
      count(*) filter (where t.kind = 'actor') as actors,
      count(*) filter (where t.kind = 'software') as software,
      count(*) filter (where t.kind = 'vulnerability') as vulnerabilities
    from subjects s left join entities t on t.id = s.entity_id`
  return counts ?? {}
}
