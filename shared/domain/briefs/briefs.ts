import type { Draft } from '../claims/types.ts'
import { AppError, notFound } from '../errors.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Json, Sql } from '../sql.ts'
import { checkDraft, type Uncited } from './check-draft.ts'
import type { Brief, BriefStatus, BriefSummary } from './schemas.ts'

const summaryColumns = [
  'id',
  'title',
  'tlp',
  'status',
  'uncited_claims',
  'version',
  'run_id',
  'created_by',
  'created_at',
  'updated_at',
  'published_at',
  'published_by',
]
const columns = [...summaryColumns, 'sections']

export interface NewBrief {
  /** Made by the caller: creating it again answers the brief that is there. */
  id: string
  orgId: string
  workspaceId: string
  draft: Draft
  /** The run of the agent that writes it; its claims must all cite. Null for a person. */
  runId: string | null
  createdBy: string | null
  /** Which claims may cite nothing; a person's all, an agent's none when absent. */
  uncited?: Uncited
}

/**
 * Keeps a brief as a draft.
 * @throws AppError VALIDATION_ERROR when a citation is wrong, the TLP is below a cited document's, or an agent cites nothing
 */
export async function createBrief(sql: Sql, { id, draft, ...brief }: NewBrief): Promise<Brief> {
  const uncited = brief.uncited ?? (brief.runId === null ? 'allowed' : 'refused')
  const uncitedClaims = await checkDraft(sql, draft, uncited)
  const [created] = await sql<Brief[]>`
    insert into briefs (id, org_id, workspace_id, title, tlp, sections, uncited_claims, run_id, created_by)
    values (${id}, ${brief.orgId}, ${brief.workspaceId}, ${draft.title}, ${draft.tlp},
      ${sql.json(draft.sections as unknown as Json)}, ${uncitedClaims}, ${brief.runId}, ${brief.createdBy})
    on conflict (id) do nothing
    returning ${sql(columns)}`
  return created ?? readBrief(sql, id)
}

export interface BriefFilter {
  workspaceId: string | null
  /** Words as in a search engine: all of them, "in a row", or -not. */
  q: string | null
  status: BriefStatus | null
}

/** The briefs of a workspace, newest first. */
export function listBriefs(sql: Sql, filter: BriefFilter, page: Page): Promise<BriefSummary[]> {
  return sql<BriefSummary[]>`
    select ${sql(summaryColumns)} from briefs
    where workspace_id = ${filter.workspaceId} and id < ${page.before ?? endOfIds}
      ${filter.q === null ? sql`` : sql`and search @@ websearch_to_tsquery('english', ${filter.q})`}
      ${filter.status === null ? sql`` : sql`and status = ${filter.status}`}
    order by id desc
    limit ${page.size + 1}`
}

/**
 * @param lock keeps it from being changed until the transaction ends
 * @throws AppError NOT_FOUND
 */
export async function readBrief(sql: Sql, id: string, lock = false): Promise<Brief> {
  const [brief] = await sql<Brief[]>`
    select ${sql(columns)} from briefs where id = ${id} ${lock ? sql`for update` : sql``}`
  if (!brief) throw notFound('Brief')
  return brief
}

/**
 * Replaces what a draft says. From here on it is a person's text: claims may stand without a citation, and are counted.
 * @throws AppError NOT_FOUND, CONFLICT when it is published, VALIDATION_ERROR as for a new one
 */
export async function updateBrief(sql: Sql, id: string, draft: Draft): Promise<Brief> {
  await lockDraft(sql, id)
  const uncitedClaims = await checkDraft(sql, draft, 'allowed')
  const [brief] = await sql<Brief[]>`
    update briefs set title = ${draft.title}, tlp = ${draft.tlp}, sections = ${sql.json(draft.sections as unknown as Json)},
      uncited_claims = ${uncitedClaims}, version = version + 1, updated_at = now()
    where id = ${id}
    returning ${sql(columns)}`
  return brief!
}

async function lockDraft(sql: Sql, id: string): Promise<void> {
  const { status } = await readBrief(sql, id, true)
  if (status === 'published') throw new AppError('CONFLICT', 'The brief is published; what is published stays as it is')
}

/**
 * Publishes a brief as it is; one that is published already stays as it is. Its sources are checked once more: they may
 * have changed, or been marked more strictly, since it was written.
 * @throws AppError NOT_FOUND, VALIDATION_ERROR
 */
export async function publishBrief(
  sql: Sql,
  id: string,
  { publishedBy, now }: { publishedBy: string | null; now: Date },
): Promise<Brief> {
  const brief = await readBrief(sql, id, true)
  if (brief.status === 'published') return brief
  await checkDraft(sql, brief, 'allowed')
  const [published] = await sql<Brief[]>`
    update briefs set status = 'published', published_at = ${now}, published_by = ${publishedBy}, version = version + 1,
      updated_at = now()
    where id = ${id}
    returning ${sql(columns)}`
  return published!
}

/** Deletes a brief with its comments. Returns its title. @throws AppError NOT_FOUND */
export async function deleteBrief(sql: Sql, id: string): Promise<string> {
  const [brief] = await sql<{ title: string }[]>`delete from briefs where id = ${id} returning title`
  if (!brief) throw notFound('Brief')
  return brief.title
}
