import { AppError, notFound } from '../errors.ts'
import type { Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { FlagSetting } from './evaluate.ts'
import { type Author, writeHistory } from './history.ts'
import type { Flag, FlagChange, FlagDraft } from './schemas.ts'

const columns = ['key', 'description', 'enabled', 'percentage', 'rules', 'updated_by', 'created_at', 'updated_at']

/** All flags there are, as far as they decide. */
export function loadFlagSettings(sql: Sql): Promise<FlagSetting[]> {
  return sql<FlagSetting[]>`select key, enabled, percentage, rules from feature_flags order by key`
}

/** By their names. @param page its position is a name */
export function listFlags(sql: Sql, page: Page): Promise<Flag[]> {
  return sql<Flag[]>`
    select ${sql(columns)} from feature_flags
    where key > ${page.before ?? ''}
    order by key
    limit ${page.size + 1}`
}

/** @param lock for those who change it in this transaction @throws AppError NOT_FOUND */
export async function readFlag(sql: Sql, key: string, lock?: 'lock'): Promise<Flag> {
  const [flag] = await sql<Flag[]>`
    select ${sql(columns)} from feature_flags where key = ${key} ${lock ? sql`for update` : sql``}`
  if (!flag) throw notFound('Flag')
  return flag
}

/** @throws AppError CONFLICT when there is one of this name, or VALIDATION_ERROR when a rule names no organization */
export async function createFlag(sql: Sql, draft: FlagDraft, author: Author): Promise<Flag> {
  await assertOrganizations(sql, draft.rules)
  const [flag] = await sql<Flag[]>`
    insert into feature_flags (key, description, enabled, percentage, rules, updated_by)
    values (${draft.key}, ${draft.description}, ${draft.enabled}, ${draft.percentage}, ${sql.json(draft.rules)},
      ${author.userId})
    on conflict (key) do nothing
    returning ${sql(columns)}`
  if (!flag) throw new AppError('CONFLICT', 'There is a flag of this name already')
  await writeHistory(sql, { action: 'created', key: flag.key, before: null, after: flag }, author)
  return flag
}

/** @throws AppError NOT_FOUND, or VALIDATION_ERROR when a rule names no organization */
export async function updateFlag(sql: Sql, key: string, change: FlagChange, author: Author): Promise<Flag> {
  const before = await readFlag(sql, key, 'lock')
  if (change.rules) await assertOrganizations(sql, change.rules)
  const [after] = await sql<Flag[]>`
    update feature_flags set ${sql({
      description: change.description ?? before.description,
      enabled: change.enabled ?? before.enabled,
      percentage: change.percentage ?? before.percentage,
      rules: sql.json(change.rules ?? before.rules),
      updated_by: author.userId,
    })}, updated_at = clock_timestamp()
    where key = ${key}
    returning ${sql(columns)}`
  if (!after) throw notFound('Flag')
  await writeHistory(sql, { action: 'updated', key, before, after }, author)
  return after
}

/** Removes a flag, which is then off for everyone; its history stays. @throws AppError NOT_FOUND */
export async function deleteFlag(sql: Sql, key: string, author: Author): Promise<void> {
  const [before] = await sql<Flag[]>`delete from feature_flags where key = ${key} returning ${sql(columns)}`
  if (!before) throw notFound('Flag')
  await writeHistory(sql, { action: 'deleted', key, before, after: null }, author)
}

/** A rule for a mistyped organization would silently do nothing. */
async function assertOrganizations(sql: Sql, rules: FlagDraft['rules']): Promise<void> {
  if (rules.length === 0) return
  const ids = rules.map(({ org_id }) => org_id)
  const found = await sql<{ id: string }[]>`select id from organizations where id in ${sql(ids)}`
  const known = new Set(found.map(({ id }) => id))
  const details = ids.flatMap((id, index) =>
    known.has(id) ? [] : [{ field: `body.rules.${index}.org_id`, message: 'names no organization' }],
  )
  if (details.length > 0) throw new AppError('VALIDATION_ERROR', 'The request is not valid', details.slice(0, 20))
}
