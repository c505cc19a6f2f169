import * as v from 'valibot'
import { notFound } from '../errors.ts'
import type { Sql } from '../sql.ts'
import { ModelSettings } from './aliases.ts'

/**
 * What a workspace has set itself. What was stored by another version, and is no setting any more, counts as not set.
 * @throws AppError NOT_FOUND
 */
export async function readModelSettings(sql: Sql, workspaceId: string, lock = false): Promise<ModelSettings> {
  const [row] = await sql<{ model_settings: unknown }[]>`
    select model_settings from workspaces where id = ${workspaceId} ${lock ? sql`for no key update` : sql``}`
  if (!row) throw notFound('Workspace')
  const parsed = v.safeParse(ModelSettings, row.model_settings)
  return parsed.success ? parsed.output : {}
}

/** Replaces what a workspace has set. @throws AppError NOT_FOUND */
export async function writeModelSettings(sql: Sql, workspaceId: string, settings: ModelSettings): Promise<void> {
  const rows = await sql`
    update workspaces set model_settings = ${sql.json(settings)} where id = ${workspaceId} returning 1`
  if (rows.length === 0) throw notFound('Workspace')
}
