import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import type { IndicatorType } from '../extraction/types.ts'
import { newId } from '../ids.ts'
import type { Sql } from '../sql.ts'
import { lifetimeDays } from './confidence.ts'
import { decayed, halfLifeDays, rescoreBatch, scoreOf } from './decay.ts'

const types = Object.keys(lifetimeDays) as IndicatorType[]

describe('decay', () => {
  test('halves the confidence in each half-life: a quarter is left at the end of an indicator’s lifetime', () => {
    for (const type of types) {
      expect(decayed(80, type, 0)).toBe(80)
      expect(decayed(80, type, halfLifeDays(type))).toBe(40)
      expect(decayed(80, type, lifetimeDays[type])).toBe(20)
    }
  })

  test('never grows with time, stays between 0 and the confidence, and a clock that is behind changes nothing', () => {
    const type = fc.constantFrom(...types)
    const confidence = fc.integer({ min: 0, max: 100 })
    const days = fc.double({ min: -400, max: 40_000, noNaN: true })
    fc.assert(
      fc.property(type, confidence, days, days, (one, base, first, second) => {
        const [sooner, later] = [Math.min(first, second), Math.max(first, second)]
        expect(decayed(base, one, later)).toBeLessThanOrEqual(decayed(base, one, sooner))
        expect(decayed(base, one, later)).toBeGreaterThanOrEqual(0)
        expect(decayed(base, one, Math.min(0, first))).toBe(base)
      }),
    )
  })
})

describe('scores in the database', () => {
  let clone: TestDatabase
  let owner: postgres.Sql
  let [orgId, otherId] = ['', '']

  beforeAll(async () => {
    clone = await cloneDatabase(inject('clusterUrl'))
    owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
  })
  beforeEach(async () => {
    ;[orgId, otherId] = [newId(), newId()]
    for (const id of [orgId, otherId]) await owner`insert into organizations (id, name) values (${id}, 'o')`
  })
  afterAll(async () => {
    await owner.end()
    await clone.drop()
  })

  const insert = (org: string, type: string, confidence: number, days: number, count = 1) => owner`
    insert into indicators (id, org_id, type, value, value_sha256, tlp, confidence, score, first_seen, last_seen, valid_until)
    select gen_random_uuid(), ${org}, ${type}, v::text, sha256((${type} || v)::bytea), 'CLEAR', ${confidence},
      ${confidence}, now(), now() - make_interval(secs => ${days * 86_400}), now()
    from generate_series(1, ${count}) v`

  const inOrganization = <Result>(work: (sql: Sql) => Promise<Result>) =>
    owner.begin((sql) => work(sql)) as Promise<Result>

  test('are those of the formula, for every type and age', () =>
    inOrganization(async (sql: Sql) => {
      const score = async (type: string, days: number) => {
        const seconds = days * 86_400
        return (
          await sql<{ score: number }[]>`select ${scoreOf(sql, {
            confidence: sql`90`,
            type: sql`${type}::text`,
            lastSeen: sql`now() - make_interval(secs => ${seconds})`,
          })} as score`
        )[0]?.score
      }
      for (const type of types) {
        for (const days of [-1, 0, 0.3, 1, 7, 45.5, 400, 20_000]) {
          expect(await score(type, days), `${type} ${days}`).toBe(decayed(90, type, days))
        }
      }
      expect(await score('unheard of', 365)).toBe(90)
    }))

  test('are brought up to date batch by batch, each organization’s alone, and not again when nothing has changed', async () => {
    await insert(orgId, 'ipv4', 80, 30, 5001)
    await insert(orgId, 'sha256', 80, 0, 10)
    await insert(otherId, 'ipv4', 80, 30)
    const first = await inOrganization((sql) => rescoreBatch(sql, orgId, null))
    expect(first).not.toBeNull()
    expect(await inOrganization((sql) => rescoreBatch(sql, orgId, first))).toBeNull()
    const scores = await owner`
      select org_id, type, score, count(*)::integer from indicators where org_id in (${orgId}, ${otherId})
      group by 1, 2, 3 order by 2, 4`
    expect([...scores]).toEqual([
      { org_id: otherId, type: 'ipv4', score: 80, count: 1 },
      { org_id: orgId, type: 'ipv4', score: 40, count: 5001 },
      { org_id: orgId, type: 'sha256', score: 80, count: 10 },
    ])
    const before = await owner`select id, xmin::text from indicators where org_id = ${orgId} order by id`
    await inOrganization((sql) => rescoreBatch(sql, orgId, null))
    expect([...(await owner`select id, xmin::text from indicators where org_id = ${orgId} order by id`)]).toEqual([
      ...before,
    ])
  })

  test('leave confidence and the time of the last change alone', async () => {
    await insert(orgId, 'domain', 70, 90)
    const [before] = await owner`select confidence, updated_at from indicators where org_id = ${orgId}`
    await inOrganization((sql) => rescoreBatch(sql, orgId, null))
    const [after] = await owner`select confidence, score, updated_at from indicators where org_id = ${orgId}`
    expect(after).toEqual({ ...before, score: 35 })
  })
})
