import { notFound } from '../errors.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { BriefComment } from './schemas.ts'

const columns = ['id', 'brief_id', 'body', 'created_by', 'created_at', 'updated_at']

export interface NewComment {
  /** Made by the caller: adding it again answers the comment that is there. */
  id: string
  briefId: string
  body: string
  createdBy: string | null
}

/** @throws AppError NOT_FOUND when there is no such brief */
export async function addComment(sql: Sql, comment: NewComment): Promise<BriefComment> {
  const [added] = await sql<BriefComment[]>`
    insert into brief_comments (id, org_id, workspace_id, brief_id, body, created_by)
    select ${comment.id}::uuid, org_id, workspace_id, id, ${comment.body}, ${comment.createdBy}::uuid
    from briefs where id = ${comment.briefId}
    on conflict (id) do nothing
    returning ${sql(columns)}`
  if (added) return added
  const [known] = await sql<BriefComment[]>`
    select ${sql(columns)} from brief_comments where id = ${comment.id} and brief_id = ${comment.briefId}`
  if (!known) throw notFound('Brief')
  return known
}

/** The comments on a brief, newest first. @throws AppError NOT_FOUND when there is no such brief */
export async function listComments(sql: Sql, briefId: string, page: Page): Promise<BriefComment[]> {
  const brief = await sql`select 1 from briefs where id = ${briefId}`
  if (brief.length === 0) throw notFound('Brief')
  return sql<BriefComment[]>`
    select ${sql(columns)} from brief_comments
    where brief_id = ${briefId} and id < ${page.before ?? endOfIds}
    order by id desc
    limit ${page.size + 1}`
}

/** @throws AppError NOT_FOUND */
export async function deleteComment(sql: Sql, briefId: string, id: string): Promise<void> {
  const { count } = await sql`delete from brief_comments where id = ${id} and brief_id = ${briefId}`
  if (count === 0) throw notFound('Comment')
}
