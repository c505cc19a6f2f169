import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { nobody } from '#shared/platform/database/index.ts'
import { FlagCache } from '#shared/runtime/flags.ts'
import { silentLogger } from '#shared/runtime/log.ts'
import { VirtualClock } from '../fakes/clock.ts'
import { signUpOperator } from '../setup/operator.ts'
import { type CallOptions, call, startTestProduct, type TestProduct } from '../setup/product.ts'

let product: TestProduct
let owner: postgres.Sql
let operator: string
/** Two people, each the owner of an organization of their own. */
let members: { token: string; orgId: string }[]

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
  operator = await signUpOperator(product)
  members = await Promise.all(
    ['Acme', 'Globex'].map(async (name) => {
      const token = await product.signUp()
      const { body } = await call(product.url, 'POST', '/v1/organizations', { token, body: { name } })
      return { token, orgId: body.id as string }
    }),
  )
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

const flagsPath = '/v1/operator/flags'
const operate = (method: string, path: string, body?: unknown, options: CallOptions = {}) =>
  call(product.url, method, path, { token: operator, ...(body === undefined ? {} : { body }), ...options })

async function create(draft: Record<string, unknown> = {}): Promise<string> {
  const key = `FEATURE_${newId().replaceAll('-', '').toUpperCase()}`
  const answer = await operate('POST', flagsPath, { key, ...draft })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return key
}

/** Whether each of the two organizations has the feature. */
const seenBy = (key: string) =>
  Promise.all(members.map(async ({ token }) => (await call(product.url, 'GET', '/v1/flags', { token })).body.data[key]))

describe('what members see', () => {
  test('a rule decides for its organization, whatever else is set', async () => {
    const key = await create({ enabled: false, rules: [{ org_id: members[0]!.orgId, enabled: true }] })
    expect(await seenBy(key)).toEqual([true, false])
    await operate('PATCH', `${flagsPath}/${key}`, {
      enabled: true,
      rules: [{ org_id: members[0]!.orgId, enabled: false }],
    })
    expect(await seenBy(key)).toEqual([false, true])
  })

  test('a percentage is on for some, and raising it turns it off for nobody', async () => {
    const key = await create({ enabled: true, percentage: 0 })
    let before = await seenBy(key)
    expect(before).toEqual([false, false])
    for (const percentage of [10, 30, 50, 70, 90, 100]) {
      await operate('PATCH', `${flagsPath}/${key}`, { percentage })
      const after = await seenBy(key)
      for (const [index, on] of before.entries()) if (on) expect(after[index], `at ${percentage}`).toBe(true)
      before = after
    }
    expect(before).toEqual([true, true])
  })

  test('neither the rules nor the names of other organizations', async () => {
    const key = await create({ rules: [{ org_id: members[1]!.orgId, enabled: true }], description: 'for Globex' })
    const answer = await call(product.url, 'GET', '/v1/flags', { token: members[0]!.token })
    expect(answer.body.data[key]).toBe(false)
    expect(JSON.stringify(answer.body)).not.toMatch(new RegExp(`${members[1]!.orgId}|Globex`))
  })

  test('a deleted flag is off, and its history stays', async () => {
    const key = await create({ enabled: true })
    expect((await operate('DELETE', `${flagsPath}/${key}`)).status).toBe(204)
    expect(await seenBy(key)).toEqual([undefined, undefined])
    expect((await operate('GET', `${flagsPath}/${key}`)).status).toBe(404)
    const { body } = await operate('GET', `${flagsPath}/${key}/changes`)
    expect(body.data.map(({ action }: { action: string }) => action)).toEqual(['deleted', 'created'])
  })
})

test('every instance sees a change within a minute', async () => {
  const { orgId } = members[0]!
  const clock = new VirtualClock()
  const database = product.database.open()
  const newInstance = () => new FlagCache({ database, log: silentLogger, now: clock.now })
  const key = await create({ enabled: false })
  const instances = [newInstance(), newInstance()]
  const answers = () => Promise.all(instances.map((flags) => flags.isEnabled(key, orgId)))
  expect(await answers()).toEqual([false, false])
  await operate('PATCH', `${flagsPath}/${key}`, { enabled: true })
  expect(await answers()).toEqual([false, false])
  await clock.pass(60_000)
  // Who asks first is answered at once; the flags are read meanwhile.
  await answers()
  await expect.poll(answers).toEqual([true, true])
  await database.close()
})

describe('what operators do', () => {
  test('of two changes made at the same time of the same state one is told that it came too late', async () => {
    const key = await create({ percentage: 1 })
    const path = `${flagsPath}/${key}`
    const etag = (await operate('GET', path)).headers.get('etag') ?? ''
    expect(etag).toMatch(/^"/)
    const answers = await Promise.all(
      [2, 3, 4, 5].map((percentage) => operate('PATCH', path, { percentage }, { headers: { 'if-match': etag } })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412])
    const winner = answers.find(({ status }) => status === 200)!
    expect((await operate('GET', path)).body).toEqual(winner.body)
    const late = await operate('DELETE', path, undefined, { headers: { 'if-match': etag } })
    expect(late.status).toBe(412)
    const { body } = await operate('GET', `${path}/changes`)
    expect(body.data).toHaveLength(2)
  })

  test('changes of different fields at the same time both last', async () => {
    const key = await create()
    const path = `${flagsPath}/${key}`
    await Promise.all([
      operate('PATCH', path, { percentage: 7 }),
      operate('PATCH', path, { enabled: true }),
      operate('PATCH', path, { description: 'Seven' }),
    ])
    expect((await operate('GET', path)).body).toMatchObject({ percentage: 7, enabled: true, description: 'Seven' })
  })

  test('each change is written down: who, when, what was before and after, by which request', async () => {
    const key = await create({ percentage: 5 })
    const requestId = newId()
    await operate('PATCH', `${flagsPath}/${key}`, { percentage: 6 }, { headers: { 'x-request-id': requestId } })
    const me = (await operate('GET', '/v1/users/me')).body.id
    const { body } = await operate('GET', `${flagsPath}/${key}/changes`)
    expect(body.data).toMatchObject([
      {
        flag_key: key,
        action: 'updated',
        changed_by: me,
        before: { percentage: 5 },
        after: { percentage: 6, updated_by: me },
        request_id: requestId,
      },
      { action: 'created', changed_by: me, before: null, after: { percentage: 5 } },
    ])
  })

  test('a refused change is not written down', async () => {
    const key = await create()
    const nowhere = newId()
    const answer = await operate('PATCH', `${flagsPath}/${key}`, { rules: [{ org_id: nowhere, enabled: true }] })
    expect(answer.status).toBe(422)
    expect(answer.body.error.details).toEqual([{ field: 'body.rules.0.org_id', message: 'names no organization' }])
    expect((await operate('GET', `${flagsPath}/${key}/changes`)).body.data).toHaveLength(1)
  })

  test('a name is taken once, and must be one', async () => {
    const key = await create()
    expect((await operate('POST', flagsPath, { key })).status).toBe(409)
    for (const bad of ['NEW_CONSOLE', 'FEATURE_', 'FEATURE_new', `FEATURE_${'X'.repeat(61)}`]) {
      expect((await operate('POST', flagsPath, { key: bad })).status, bad).toBe(422)
    }
  })

  test('percentages beyond 0 to 100, parts of one, and two rules for one organization are 422', async () => {
    const key = await create()
    const rule = { org_id: members[0]!.orgId, enabled: true }
    for (const body of [{ percentage: -1 }, { percentage: 101 }, { percentage: 0.5 }, { rules: [rule, rule] }]) {
      expect((await operate('PATCH', `${flagsPath}/${key}`, body)).status, JSON.stringify(body)).toBe(422)
    }
  })

  test('the list is read page by page in the order of names, each flag once', async () => {
    for (let count = 0; count < 5; count++) await create()
    const keys: string[] = []
    let cursor = ''
    do {
      const { body } = await operate('GET', `${flagsPath}?page[size]=3${cursor && `&page[cursor]=${cursor}`}`)
      keys.push(...body.data.map((flag: { key: string }) => flag.key))
      cursor = body.meta.next_cursor ?? ''
    } while (cursor)
    const all = await owner`select key from feature_flags`
    expect(keys.toSorted()).toEqual(keys)
    expect(new Set(keys)).toEqual(new Set(all.map((row) => row.key)))
    expect(keys).toHaveLength(all.length)
  })
})

describe('the walls in the database', () => {
  const inside = { ...nobody, orgId: newId(), userId: newId(), workspaceId: 'any' }
  const as = (work: (sql: postgres.ISql) => Promise<unknown>) => product.services.database.transaction(inside, work)

  test('in the scope of an organization flags can be read and not changed, and their history not even read', async () => {
    const key = await create()
    await as(async (sql) => {
      expect(await sql`select 1 from feature_flags where key = ${key}`).toHaveLength(1)
      expect(await sql`update feature_flags set enabled = true where key = ${key} returning 1`).toHaveLength(0)
      expect(await sql`delete from feature_flags where key = ${key} returning 1`).toHaveLength(0)
      expect(await sql`select 1 from feature_flag_changes`).toHaveLength(0)
    })
    await expect(
      as((sql) => sql`insert into feature_flags (key, enabled, percentage) values ('FEATURE_MINE', true, 100)`),
    ).rejects.toMatchObject({ code: '42501' })
  })

  test('history can be changed by nobody, not even in the scope of the runtime', async () => {
    const everything = { ...nobody, system: true }
    const { database } = product.services
    await expect(
      database.transaction(everything, (sql) => sql`update feature_flag_changes set changed_by = null`),
    ).rejects.toMatchObject({ code: '42501' })
    await expect(
      database.transaction(everything, (sql) => sql`delete from feature_flag_changes`),
    ).rejects.toMatchObject({ code: '42501' })
  })
})
