import { newId } from '#shared/domain/ids.ts'
import type { Publish } from '#shared/domain/messaging.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { createOrganization } from '#shared/domain/tenancy/organizations.ts'
import type { Permission, Role } from '#shared/domain/tenancy/permissions.ts'
import { type Database, nobody, type Scope, system } from '#shared/platform/database/index.ts'

/** Here nobody listens. */
export const unheard: Publish = async () => {}

/** Makes people and organizations for tests, as the product makes them. */
export function createTenants(database: Database) {
  async function person(email = `${newId()}@example.org`): Promise<string> {
    const id = newId()
    await database.transaction(
      system,
      (sql) => sql`insert into users (id, auth_sub, email) values (${id}, ${`sub-${id}`}, ${email})`,
    )
    return id
  }

  return {
    person,
    /** An organization with one owner. */
    async organization(name = 'Example') {
      const [orgId, ownerId] = [newId(), await person()]
      await database.transaction({ ...inside(orgId), userId: ownerId }, (sql) =>
        createOrganization({ sql, publish: unheard }, { id: orgId, name, ownerId }),
      )
      return { orgId, ownerId }
    },
    /** Adds someone to an organization, in none of its workspaces. */
    async join(orgId: string, role: Role, extra: readonly Permission[] = [], userId?: string): Promise<string> {
      const id = userId ?? (await person())
      await database.transaction(inside(orgId), async (sql) => {
        await sql`insert into memberships (org_id, user_id, role) values (${orgId}, ${id}, ${role})`
        for (const permission of extra) {
          await sql`insert into user_permissions (org_id, user_id, permission) values (${orgId}, ${id}, ${permission})`
        }
      })
      return id
    },
    /** Runs something as a member of an organization. */
    as: <Result>(orgId: string, userId: string, work: (sql: Sql) => Promise<Result>): Promise<Result> =>
      database.transaction({ ...inside(orgId), userId }, work),
    /** Runs something as a person who is in no organization yet, with the means to enter one. */
    outside: <Result>(
      userId: string,
      work: (sql: Sql, enter: (orgId: string) => Promise<void>) => Promise<Result>,
    ): Promise<Result> =>
      database.transaction({ ...nobody, userId }, (sql) =>
        work(sql, async (orgId) => {
          await sql`select set_config('app.org_id', ${orgId}, true), set_config('app.workspace_id', 'any', true)`
        }),
      ),
  }
}

function inside(orgId: string): Scope {
  return { ...nobody, orgId, workspaceId: 'any' }
}
