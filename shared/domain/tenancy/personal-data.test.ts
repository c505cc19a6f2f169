import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { nobody } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createTenants } from '../../../tests/setup/tenancy.ts'
import { collectPersonalData } from './personal-data.ts'

let testDatabase: TestDatabase
let database: ReturnType<TestDatabase['open']>

beforeAll(async () => {
  testDatabase = await cloneDatabase(inject('clusterUrl'))
  database = testDatabase.open()
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})

test('someone who leaves an organization while their data is collected still gets their data', async () => {
  const { organization, join, outside } = createTenants(database)
  const [first, second] = [await organization('First'), await organization('Second')]
  await join(second.orgId, 'viewer', [], first.ownerId)

  let left = false
  const data = await outside(first.ownerId, (sql, enter) => {
    const enterWhileLeaving = async (orgId: string) => {
      await enter(orgId)
      if (left) return
      left = true
      await database.transaction(
        { ...nobody, orgId: second.orgId },
        (other) => other`delete from memberships where org_id = ${second.orgId} and user_id = ${first.ownerId}`,
      )
    }
    return collectPersonalData(sql, enterWhileLeaving, first.ownerId, new Date())
  })

  expect(left).toBe(true)
  expect(data.organizations.map((place) => place.organization_id)).toContain(first.orgId)
})
