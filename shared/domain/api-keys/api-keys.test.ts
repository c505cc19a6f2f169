import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createTenants } from '../../../tests/setup/tenancy.ts'
import type { Database } from '../../platform/database/index.ts'
import { setMemberPermissions, updateMember } from '../tenancy/members.ts'
import { permissionsOf } from '../tenancy/permissions.ts'
import { createApiKey, rotateApiKey } from './api-keys.ts'
import type { ApiKeyDraft } from './schemas.ts'

const now = new Date('2026-03-01T00:00:00Z')
const draft: ApiKeyDraft = { name: 'SIEM', scopes: ['audit:read'], workspace_id: null, expires_at: null }

let clone: TestDatabase
let database: Database
let tenants: ReturnType<typeof createTenants>

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(2)
  tenants = createTenants(database)
})
afterAll(async () => {
  await database.close()
  await clone.drop()
})

describe('whoever has lost what a key would have makes and rotates none, whatever their request was let in by', () => {
  async function admin() {
    const { orgId, ownerId } = await tenants.organization()
    const userId = await tenants.join(orgId, 'admin')
    const by = { orgId, actorId: ownerId, userId }
    const believed = { orgId, userId, role: 'admin' as const, permissions: permissionsOf('admin', [], null) }
    const create = () => tenants.as(orgId, userId, (sql) => createApiKey(sql, believed, draft, now))
    const { apiKey } = await create()
    const rotate = () =>
      tenants.as(orgId, userId, (sql) => rotateApiKey(sql, believed, apiKey.id, { overlap_hours: 0 }, now))
    return { by, asOwner: tenants.as.bind(null, orgId, ownerId), create, rotate }
  }

  test('a demoted admin', async () => {
    const { by, asOwner, create, rotate } = await admin()
    await asOwner((sql) => updateMember(sql, by, { role: 'editor' }))
    await expect(create()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(rotate()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })

  test('one who may still manage keys, but no longer do what this one is for', async () => {
    const { by, asOwner, create, rotate } = await admin()
    await asOwner((sql) => updateMember(sql, by, { role: 'editor' }))
    await asOwner((sql) => setMemberPermissions(sql, by, ['keys:manage']))
    await expect(create()).rejects.toThrow('audit:read')
    await expect(rotate()).rejects.toThrow('audit:read')
  })

  test('a suspended admin', async () => {
    const { by, asOwner, create, rotate } = await admin()
    await asOwner((sql) => updateMember(sql, by, { disabled: true }))
    await expect(create()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(rotate()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await asOwner((sql) => updateMember(sql, by, { disabled: false }))
    await create()
    await rotate()
  })
})
