import { AppError } from '../errors.ts'
import type { Sql } from '../sql.ts'

/** Someone who runs this installation. */
export interface Operator {
  email: string
  since: string
}

/**
 * Makes someone an operator, or takes that back; it counts within seconds.
 * @param sql of the schema's owner: the application itself may not
 * @returns whether anything has changed
 * @throws AppError NOT_FOUND when nobody has signed in with this address, CONFLICT when several accounts have it
 */
export async function setOperator(sql: Sql, email: string, isOperator: boolean): Promise<boolean> {
  await actAsSystem(sql)
  const users = await sql<{ id: string }[]>`
    select id from users where lower(email) = lower(${email}) and deleted_at is null for update`
  const [user, ...others] = users
  if (!user) throw new AppError('NOT_FOUND', `Nobody has signed in as ${email} yet`)
  if (others.length > 0) throw new AppError('CONFLICT', `Several accounts have the address ${email}`)
  const { count } = await sql`
    update users set operator_since = ${isOperator ? sql`now()` : null}, updated_at = now()
    where id = ${user.id} and (operator_since is not null) <> ${isOperator}`
  return count > 0
}

/** Everyone who is an operator, the first one first. @param sql of the schema's owner */
export async function listOperators(sql: Sql): Promise<Operator[]> {
  await actAsSystem(sql)
  return sql<Operator[]>`
    select email, operator_since as since from users
    where operator_since is not null and deleted_at is null
    order by operator_since, id`
}

/** Row-level security binds the owner too, who is no superuser in production. */
async function actAsSystem(sql: Sql): Promise<void> {
  await sql`select set_config('app.system', 'on', true)`
}
