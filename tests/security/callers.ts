import { decodeJwt } from 'jose'
import type postgres from 'postgres'
import { newApiKey as randomKey } from '#shared/domain/api-keys/key.ts'
import { newId } from '#shared/domain/ids.ts'
import { type KeyScope, keyScopes, type Permission, type Role } from '#shared/domain/tenancy/permissions.ts'
import { decodeBase32, stepAt, totpCode } from '#shared/platform/identity/local/totp.ts'
import type { World } from '../contract/world.ts'
import { testPassword } from '../setup/product.ts'

/** What somebody is, of what may keep them out. */
export interface PersonState {
  /** In the world's organization; a removed member is in none. */
  membership?: { role: Role; suspended?: boolean; extra?: readonly Permission[]; workspaceId?: string }
  disabled?: boolean
  deleted?: boolean
  operator?: boolean
}

/** Makes callers of every kind, in the database, before the product has seen any of them. */
export function createCallers(world: World, owner: postgres.Sql) {
  const { product, orgId } = world

  /** @returns their access token, which is good in itself */
  async function person(state: PersonState, token?: string): Promise<string> {
    const { membership, disabled = false, deleted = false, operator = false } = state
    const own = token ?? (await product.signUp())
    const { sub, email } = decodeJwt<{ email: string }>(own)
    const id = newId()
    await owner`
      insert into users (id, auth_sub, email, disabled_at, deleted_at, operator_since)
      values (${id}, ${sub ?? ''}, ${email}, ${disabled ? new Date() : null}, ${deleted ? new Date() : null},
        ${operator ? new Date() : null})`
    if (!membership) return own
    const { role, suspended = false, extra = [], workspaceId = world.workspaceId } = membership
    await owner`insert into memberships (org_id, user_id, role, disabled_at)
      values (${orgId}, ${id}, ${role}, ${suspended ? new Date() : null})`
    await owner`insert into workspace_members (org_id, workspace_id, user_id, role)
      values (${orgId}, ${workspaceId}, ${id}, 'member')`
    for (const permission of extra) {
      await owner`insert into user_permissions (org_id, user_id, permission) values (${orgId}, ${id}, ${permission})`
    }
    return own
  }

  /** Someone who has a second factor and has not shown it in this session. */
  async function withoutSecondFactor(state: PersonState): Promise<string> {
    const { identity } = product.services
    const email = `${newId()}@example.org`
    const first = await product.signUp(email)
    const { id, secret } = await identity.enrolTotp(first, 'Phone')
    await identity.verifyTotp(first, id, totpCode(decodeBase32(secret), stepAt(new Date())))
    return person(state, (await identity.signIn({ email, password: testPassword })).accessToken)
  }

  /** The owner of an organization that is being deleted. */
  async function inDeletedOrganization(): Promise<{ token: string; key: string }> {
    const token = await person({})
    const organization = newId()
    const { sub } = decodeJwt(token)
    await owner`insert into organizations (id, name, deleting_at) values (${organization}, 'Going', now())`
    await owner`insert into memberships (org_id, user_id, role)
      select ${organization}, id, 'owner' from users where auth_sub = ${sub ?? ''}`
    const { id, key } = await world.newApiKey(keyScopes)
    await owner`update api_keys set org_id = ${organization} where id = ${id}`
    return { token, key }
  }

  /** Keys that were good once, or look so. */
  async function deadKeys(): Promise<Record<string, string>> {
    const [revoked, expired, altered] = await Promise.all([1, 2, 3].map(() => world.newApiKey(keyScopes)))
    await owner`update api_keys set revoked_at = now() where id = ${revoked!.id}`
    await owner`update api_keys set expires_at = now() - interval '1 second' where id = ${expired!.id}`
    const { key } = altered!
    return {
      'that was revoked': revoked!.key,
      'that has expired': expired!.key,
      'with a wrong checksum': key.slice(0, -1) + (key.endsWith('0') ? '1' : '0'),
      'that nobody has made': randomKey(),
      'of an organization that is being deleted': (await inDeletedOrganization()).key,
    }
  }

  const keyWithAllBut = (scope: KeyScope) => world.newApiKey(keyScopes.filter((other) => other !== scope))

  return { person, withoutSecondFactor, inDeletedOrganization, deadKeys, keyWithAllBut }
}
