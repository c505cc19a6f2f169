import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import postgres from 'postgres'
import { openObjectFile } from '#shared/platform/objects/object-file.ts'

/** A connection as the owner, past all walls, to the databases of a running product. */
export async function openAsOwner(dataFolder: string, database: 'adapt' | 'cloud'): Promise<postgres.Sql> {
  const access = JSON.parse(await readFile(join(dataFolder, 'postgres-access.json'), 'utf8'))
  return openUrlAsOwner(`postgres://postgres:${access.password}@127.0.0.1:${access.port}/${database}`)
}

export function openUrlAsOwner(url: string): postgres.Sql {
  return postgres(url, { max: 1, onnotice: () => {}, types: { bigint: postgres.BigInt } })
}

/** Each of these selects what must not be; `rows` that come back are the violations. */
const violations: Record<string, string> = {
  'an indicator twice': 'select type, value from indicators group by org_id, type, value having count(*) > 1',
  'an entity twice': 'select kind, external_id from entities group by org_id, kind, external_id having count(*) > 1',
  'evidence twice': `
    select document_id, start_offset, end_offset from evidence
    group by document_id, indicator_id, entity_id, start_offset, end_offset having count(*) > 1`,
  'an indicator without evidence':
    'select type, value from indicators i where not exists (select from evidence e where e.indicator_id = i.id)',
  'an entity without evidence':
    'select external_id from entities t where not exists (select from evidence e where e.entity_id = t.id)',
  'evidence whose words are not in the text': `
    with texts as materialized (
      select document_id, string_agg(text, '' order by ordinal) as text from document_passages group by document_id)
    select e.id, e.quote from evidence e left join texts t on t.document_id = e.document_id
    where e.quote is distinct from left(substr(t.text, e.start_offset + 1, e.end_offset - e.start_offset), 500)`,
  'text that is not findable': 'select document_id, ordinal from document_passages where search is null',
  'text or evidence of a document that is not ready': `
    select file_name, status from documents d where status <> 'ready' and (
      exists (select from evidence e where e.document_id = d.id)
      or exists (select from document_passages p where p.document_id = d.id))`,
  'counts that are not those of the evidence': `
    select file_name, counts from documents d where status = 'ready' and (counts ->> 'techniques')::int <> (
      select count(distinct t.id) from evidence e join entities t on t.id = e.entity_id
      where e.document_id = d.id and t.kind = 'technique')`,
  'two documents for one content': `
    select sha256 from documents where sha256 is not null group by workspace_id, sha256 having count(*) > 1`,
  'a document with another number of jobs than one': `
    select file_name, (select count(*) from jobs j where j.subject_id = d.id) from documents d
    where status <> 'awaiting_upload' and (select count(*) from jobs j where j.subject_id = d.id) <> 1`,
  'a job without its document':
    "select id from jobs j where kind = 'document.process' and not exists (select from documents d where d.job_id = j.id)",
  'a job that has not ended':
    "select id, status, message from jobs where status in ('queued', 'running') or finished_at is null",
  'a job whose events have a gap or go on after its end': `
    select j.id, j.version, array_agg(e.sequence order by e.sequence) from jobs j join job_events e on e.job_id = j.id
    group by j.id
    having array_agg(e.sequence order by e.sequence) <> array(select generate_series(1, j.version))
      or (array_agg(e.type order by e.sequence))[j.version] <> j.status
      or count(*) filter (where e.type in ('succeeded', 'failed', 'cancelled')) <> 1`,
  'job events whose progress goes backwards': `
    select job_id, sequence from (
      select *, lag((data ->> 'done')::int) over (partition by job_id order by sequence) as before from job_events) e
    where (data ->> 'done')::int < before`,
  'a message left in the outbox': 'select id, target, created_at from outbox',
  'a dead letter': 'select consumer, error from dead_letters',
  'another number of notifications than one for a document that ended well or badly': `
    select file_name, status, (select count(*) from notifications n where n.subject_id = d.id) from documents d
    where (select count(*) from notifications n where n.subject_id = d.id)
      <> case when status in ('ready', 'rejected') then 1 else 0 end`,
  'a step of a ready document that was not done exactly once': `
    select consumer, count(*) from processed_messages where consumer like 'documents-%' or consumer like 'notifications-%'
    group by consumer
    having (consumer in ('documents-extract-intelligence', 'documents-index')
        and count(*) <> (select count(*) from documents where status = 'ready'))
      or (consumer = 'notifications-document-finished'
        and count(*) <> (select count(*) from documents where status in ('ready', 'rejected')))
      or (consumer = 'documents-validate'
        and count(*) <> (select count(*) from documents where status <> 'awaiting_upload'))`,
}

/** Looks for everything that must not be; the names of what was found with up to five examples each. */
export async function findViolations(adapt: postgres.Sql): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {}
  for (const [name, query] of Object.entries(violations)) {
    const rows = await adapt.unsafe(query)
    if (rows.length > 0) found[name] = rows.slice(0, 5)
  }
  return found
}

/** What there is to know after the processing of some files, without ids and times: two runs can be compared. */
export interface Outcome {
  /** By file name; the two names of one content count as one. */
  documents: Record<string, unknown[]>
  /** Evidence by file name, as one line each. */
  intelligence: Record<string, string[]>
  indicators: string[]
  entities: string[]
}

export async function readOutcome(adapt: postgres.Sql): Promise<Outcome> {
  const name = adapt`case when d.file_name like 'twin-%' then 'twin' else d.file_name end`
  const documents = await adapt<{ name: string; rest: unknown }[]>`
    select ${name} as name, jsonb_build_array(d.status, d.size_bytes, d.sha256, d.format, d.title, d.page_count,
      d.character_count, d.tlp, d.error, d.counts, d.duplicate_of is not null,
      (select md5(string_agg(p.text, '' order by p.ordinal)) from document_passages p where p.document_id = d.id),
      (select jsonb_agg(jsonb_build_array(n.kind, replace(n.title, d.file_name, ${'…'}), n.body)) from notifications n
        where n.subject_id = d.id),
      j.status, j.done, j.message, j.error) as rest
    from documents d join jobs j on j.id = d.job_id
    order by name, d.status`
  const evidence = await adapt<{ name: string; line: string }[]>`
    select ${name} as name, concat_ws(${' | '}, coalesce(i.type, t.kind), coalesce(i.value, t.external_id), t.name, e.page,
      e.start_offset, e.end_offset, e.quote, md5(e.sentence), e.how, e.defanged, e.suppressed_reason, e.suppressed_list,
      e.confidence) as line
    from evidence e join documents d on d.id = e.document_id
    left join indicators i on i.id = e.indicator_id left join entities t on t.id = e.entity_id
`
  const indicators = await adapt<{ line: string }[]>`
    select concat_ws(${' | '}, type, value, tlp, confidence, suppressed_reason, suppressed_list) as line
    from indicators`
  const entities = await adapt<{ line: string }[]>`
    select concat_ws(${' | '}, kind, external_id, name, tlp) as line from entities`
  return {
    documents: grouped(documents, (row) => row.rest),
    intelligence: grouped(
      evidence.toSorted((a, b) => (a.line < b.line ? -1 : 1)),
      (row) => row.line,
    ),
    indicators: indicators.map((row) => row.line).sort(),
    entities: entities.map((row) => row.line).sort(),
  }
}

function grouped<Row extends { name: string }, Value>(
  rows: readonly Row[],
  toValue: (row: Row) => Value,
): Record<string, Value[]> {
  const groups = Map.groupBy(rows, (row) => row.name)
  return Object.fromEntries([...groups].map(([name, members]) => [name, members.map(toValue)]))
}

/** What waits in the embedded cloud, schedules aside. */
export async function unsettledDeliveries(cloud: postgres.Sql): Promise<unknown[]> {
  const rows = await cloud`
    select name, state, count(*)::int from pgboss.job
    where state <= 'active' and name not like 'schedule%' group by name, state`
  return [...rows]
}

/** Deliveries of which a failure was counted, as far as the embedded cloud remembers them. */
export async function failedDeliveries(cloud: postgres.Sql): Promise<unknown[]> {
  const rows = await cloud`select name, data -> 'failures' as failures from pgboss.job where data ->> 'failures' <> '0'`
  return [...rows]
}

/** The stored objects of a bucket: key and SHA-256 of each. @throws PlatformError when a file is not a whole object */
export async function readObjects(dataFolder: string, bucket: string): Promise<Map<string, string>> {
  const folder = join(dataFolder, 'objects', bucket)
  const objects = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const object = await openObjectFile(join(entry.parentPath, entry.name))
    if (!object) throw new Error(`${entry.name} has gone`)
    objects.set(
      object.key,
      createHash('sha256')
        .update(await buffer(object.body))
        .digest('hex'),
    )
  }
  return objects
}
