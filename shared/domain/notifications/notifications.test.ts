import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createTenants } from '../../../tests/setup/tenancy.ts'
import { type Database, nobody } from '../../platform/database/index.ts'
import { newId } from '../ids.ts'
import { endOfIds } from '../paging.ts'
import { removeMember } from '../tenancy/members.ts'
import type { ProfileChange } from '../tenancy/profile.ts'
import { updateProfile } from '../tenancy/users.ts'
import { listNotifications, notify } from './notifications.ts'

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

/** In the scope of background work, on behalf of whoever caused it. */
async function tell(orgId: string, userId: string, kind: string): Promise<void> {
  const note = { orgId, userId, kind, title: 'Report.pdf', body: 'Ready', subjectId: newId() }
  await database.transaction({ ...nobody, orgId, userId, workspaceId: 'any' }, (sql) => notify(sql, note))
}

async function toldTo(orgId: string, userId: string): Promise<string[]> {
  const page = { before: endOfIds, size: 20 }
  const notes = await tenants.as(orgId, userId, (sql) => listNotifications(sql, userId, page))
  return notes.map(({ kind }) => kind)
}

async function prefer(userId: string, notifications: NonNullable<ProfileChange['preferences']>['notifications']) {
  await tenants.outside(userId, (sql) => updateProfile(sql, userId, { preferences: { notifications } }))
}

describe('who is told something', () => {
  test('a member, unless they muted what kind it is of', async () => {
    const { orgId, ownerId } = await tenants.organization()
    await tell(orgId, ownerId, 'document.ready')
    await prefer(ownerId, { muted_kinds: ['document.ready'] })
    await tell(orgId, ownerId, 'document.ready')
    await tell(orgId, ownerId, 'document.rejected')
    expect(await toldTo(orgId, ownerId)).toEqual(['document.rejected', 'document.ready'])
  })

  test('nobody who wants none in the product', async () => {
    const { orgId, ownerId } = await tenants.organization()
    await prefer(ownerId, { in_app: false })
    await tell(orgId, ownerId, 'document.ready')
    expect(await toldTo(orgId, ownerId)).toEqual([])
  })

  test('nobody whose membership ended while the work for them went on', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const editor = await tenants.join(orgId, 'editor')
    await tell(orgId, editor, 'document.ready')
    await tenants.as(orgId, ownerId, (sql) => removeMember(sql, { orgId, actorId: ownerId, userId: editor }))
    await tell(orgId, editor, 'document.ready')
    expect(await toldTo(orgId, editor)).toEqual([])
  })
})
