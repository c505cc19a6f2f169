import { newId } from '#shared/domain/ids.ts'
import { type Database, nobody, system } from '#shared/platform/database/index.ts'
import type { ExampleWorld } from '#shared/runtime/examples.ts'
import { call, type TestProduct } from '../setup/product.ts'

/** Makes the people, places and invitations that examples of tenancy ask for. */
export function createPeople(world: {
  product: TestProduct
  database: Database
  orgId: string
  workspaceId: string
  ownerId: string
  ownerToken: string
  strangerToken: string
}): Pick<ExampleWorld, 'newPerson' | 'newMember' | 'newInvitation' | 'newWorkspace' | 'newJoinedOrganization'> {
  const { product, database, orgId, workspaceId, ownerId, ownerToken, strangerToken } = world
  const inside = { ...nobody, orgId, workspaceId: 'any' }

  const post = async (path: string, body: unknown) => {
    const answer = await call(product.url, 'POST', path, { token: ownerToken, body })
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  return {
    async newPerson() {
      const email = `${newId()}@example.org`
      return { email, token: await product.signUp(email) }
    },
    async newMember({ inWorkspace = true } = {}) {
      const userId = newId()
      await database.transaction(
        system,
        (sql) =>
          sql`insert into users (id, auth_sub, email) values (${userId}, ${newId()}, ${`${userId}@example.org`})`,
      )
      await database.transaction(inside, async (sql) => {
        await sql`insert into memberships (org_id, user_id, role) values (${orgId}, ${userId}, 'viewer')`
        if (!inWorkspace) return
        await sql`insert into workspace_members (org_id, workspace_id, user_id, role)
          values (${orgId}, ${workspaceId}, ${userId}, 'member')`
      })
      return { userId }
    },
    async newInvitation(email = `${newId()}@example.org`) {
      const { invitation, token } = await post('/v1/invitations', { email, role: 'viewer' })
      return { id: invitation.id, token }
    },
    async newWorkspace() {
      const name = `Workspace ${newId()}`
      const { id } = await post('/v1/workspaces', { name })
      await database.transaction(
        inside,
        (sql) => sql`
          insert into workspace_members (org_id, workspace_id, user_id, role)
          select org_id, ${id}, user_id, 'member' from memberships where org_id = ${orgId}
          on conflict (workspace_id, user_id) do nothing`,
      )
      return { id, name }
    },
    async newJoinedOrganization() {
      const { body } = await call(product.url, 'POST', '/v1/organizations', {
        token: strangerToken,
        body: { name: 'Somebody else' },
      })
      await database.transaction(
        { ...inside, orgId: body.id },
        (sql) => sql`insert into memberships (org_id, user_id, role) values (${body.id}, ${ownerId}, 'editor')`,
      )
      return body.id
    },
  }
}
