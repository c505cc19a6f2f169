import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Database, nobody } from '#shared/platform/database/index.ts'
import { auditEntry } from '../../../tests/fixtures/audit.ts'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { newId } from '../ids.ts'
import { appendAudit } from './append.ts'
import type { Link } from './chain.ts'
import { exportAuditLog, verifyExport } from './export.ts'
import type { Read } from './stored.ts'
import { verifyAuditLog } from './verify.ts'

let clone: TestDatabase
let database: Database
/** The owner of the database, who has put every guard out of action. */
let owner: postgres.Sql
let orgId: string

const length = 12
const signal = new AbortController().signal
const read: Read = (work) => database.transaction({ ...nobody, orgId }, work)

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open()
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {}, connection: { session_replication_role: 'replica' } })
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

beforeEach(async () => {
  orgId = newId()
  await owner`insert into organizations (id, name) values (${orgId}, 'o')`
  await append(Array.from({ length }, (_, index) => auditEntry(orgId, { details: { index } })))
  expect(await verify()).toEqual([true, null, null])
})

const append = (entries: ReturnType<typeof auditEntry>[]) =>
  database.transaction({ ...nobody, orgId }, async (sql) => void (await appendAudit(sql, entries)))

/** The verdict on the stored log, after checking that the verdict on its export is the same. */
async function verify(anchor?: Link): Promise<unknown[]> {
  const stored = await verifyAuditLog(read, { signal, ...(anchor ? { anchor } : {}) })
  const lines = (await Array.fromAsync(exportAuditLog(read, orgId))).join('').split('\n')
  const exported = await verifyExport(
    (async function* () {
      yield* lines
    })(),
    anchor,
  )
  // An export ends at its head, and always has one.
  if (stored.reason !== 'head_mismatch') expect({ ...exported, head: stored.head }).toEqual(stored)
  return [stored.valid, stored.broken_at, stored.reason]
}

async function headNow(): Promise<Link> {
  const [head] = await owner`select sequence::int, encode(hash, 'hex') as hash from audit_heads where org_id = ${orgId}`
  return head as unknown as Link
}

describe('the owner of the database is found out who', () => {
  const edits = {
    'edits who did it': () => owner`actor_id = 'somebody else'`,
    'takes out who did it': () => owner`actor_id = null`,
    'edits as what they did it': () => owner`actor_kind = 'system'`,
    'edits what was done': () => owner`action = 'project.deleted'`,
    'edits the kind of the target': () => owner`target_type = 'workspace'`,
    'edits the target': () => owner`target_id = ''`,
    'edits the details': () => owner`details = '{"index": 99}'`,
    'edits only how the details are written': () => owner`details = '{"index": 4}'`,
    'edits the request': () => owner`request_id = 'another'`,
    'edits the address': () => owner`ip = '10.0.0.1'`,
    'edits the moment by a microsecond': () => owner`occurred_at = occurred_at + interval '1 microsecond'`,
    'edits the moment into another month': () => owner`occurred_at = occurred_at + interval '40 days'`,
    'edits the hash': () => owner`hash = sha256('x')`,
  }
  for (const [name, change] of Object.entries(edits)) {
    test(name, async () => {
      await owner`update audit_logs set ${change()} where org_id = ${orgId} and sequence = 5`
      expect(await verify()).toEqual([false, 5, 'edited'])
    })
  }

  test('removes an entry from the middle, or the first one', async () => {
    await owner`delete from audit_logs where org_id = ${orgId} and sequence = 5`
    expect(await verify()).toEqual([false, 5, 'missing'])
    await owner`delete from audit_logs where org_id = ${orgId} and sequence = 1`
    expect(await verify()).toEqual([false, 1, 'missing'])
  })

  test('removes an entry and closes the gap', async () => {
    await owner`delete from audit_logs where org_id = ${orgId} and sequence = 5`
    await owner`update audit_logs set sequence = sequence - 1 where org_id = ${orgId} and sequence > 5`
    expect(await verify()).toEqual([false, 5, 'edited'])
  })

  test('swaps two entries', async () => {
    await owner`update audit_logs set sequence = 112 - sequence where org_id = ${orgId} and sequence in (4, 8)`
    await owner`update audit_logs set sequence = sequence - 100 where org_id = ${orgId} and sequence > 100`
    expect(await verify()).toEqual([false, 4, 'out_of_order'])
  })

  test('puts an entry in, under a number that is taken', async () => {
    await owner`insert into audit_logs select org_id, 5, occurred_at + interval '1 second', actor_kind, actor_id, 'other',
      target_type, target_id, details, request_id, ip, hash from audit_logs where org_id = ${orgId} and sequence = 5`
    expect(await verify()).toEqual([false, 5, 'out_of_order'])
  })

  test('puts an entry in at the end, without moving the head', async () => {
    await owner`insert into audit_logs select org_id, 13, occurred_at, actor_kind, actor_id, action, target_type,
      target_id, details, request_id, ip, hash from audit_logs where org_id = ${orgId} and sequence = 12`
    expect(await verify()).toEqual([false, 13, 'head_mismatch'])
  })

  test('cuts off the end, or everything', async () => {
    await owner`delete from audit_logs where org_id = ${orgId} and sequence > 9`
    expect(await verify()).toEqual([false, 10, 'truncated'])
    await owner`delete from audit_logs where org_id = ${orgId}`
    expect(await verify()).toEqual([false, 1, 'truncated'])
  })

  test('edits or removes the head', async () => {
    await owner`update audit_heads set hash = sha256('x') where org_id = ${orgId}`
    expect(await verify()).toEqual([false, length, 'head_mismatch'])
    await owner`delete from audit_heads where org_id = ${orgId}`
    expect(await verify()).toEqual([false, 1, 'head_mismatch'])
  })

  test('cuts off the end and winds the head back, but only by an anchor', async () => {
    const anchor = await headNow()
    await owner`delete from audit_logs where org_id = ${orgId} and sequence > 9`
    await owner`update audit_heads set sequence = 9,
      hash = (select hash from audit_logs where org_id = ${orgId} and sequence = 9) where org_id = ${orgId}`
    expect(await verify()).toEqual([true, null, null])
    expect(await verify(anchor)).toEqual([false, 10, 'unanchored'])
    // New entries in the place of the old ones change nothing about that.
    await append(Array.from({ length: 5 }, () => auditEntry(orgId)))
    expect(await verify()).toEqual([true, null, null])
    expect(await verify(anchor)).toEqual([false, length, 'unanchored'])
  })

  test('removes the whole log with its head, but only by an anchor', async () => {
    const anchor = await headNow()
    await owner`delete from audit_logs where org_id = ${orgId}`
    await owner`delete from audit_heads where org_id = ${orgId}`
    expect(await verify()).toEqual([true, null, null])
    expect(await verify(anchor)).toEqual([false, 1, 'unanchored'])
  })
})

describe('a log can be verified piece by piece', () => {
  test('after a link that was right before', async () => {
    const after = await headNow()
    await append([auditEntry(orgId), auditEntry(orgId)])
    const head = await headNow()
    expect(await verifyAuditLog(read, { signal, after })).toMatchObject({
      valid: true,
      entries: 2,
      head,
      verified: head,
    })
    expect(await verifyAuditLog(read, { signal, after: head, anchor: head })).toMatchObject({ valid: true, entries: 0 })
    const wrong = { ...after, hash: 'ab'.repeat(32) }
    for (const unknown of [wrong, { ...after, sequence: 999 }]) {
      const verdict = await verifyAuditLog(read, { signal, after: unknown })
      expect(verdict).toMatchObject({ valid: false, broken_at: unknown.sequence, reason: 'unanchored' })
    }
    expect(await verifyAuditLog(read, { signal, after, anchor: wrong })).toMatchObject({ reason: 'unanchored' })
  })

  test('and says how far it came when its time is up', async () => {
    const verdict = await verifyAuditLog(read, { signal: AbortSignal.abort() })
    expect(verdict).toMatchObject({ valid: null, entries: 0, head: await headNow(), broken_at: null, reason: null })
  })

  test('over more pages than one, while others write', async () => {
    const more = 2500
    await append(Array.from({ length: more }, () => auditEntry(orgId)))
    let writes = 0
    const busyRead: Read = async (work) => {
      await append([auditEntry(orgId)])
      writes++
      return read(work)
    }
    const verdict = await verifyAuditLog(busyRead, { signal })
    // The head was read after the first of these writes.
    expect(verdict).toMatchObject({ valid: true, entries: length + more + 1 })
    expect(writes).toBeGreaterThan(3)
    // Under one number twice, right where a page of 1,000 ends.
    await owner`insert into audit_logs select org_id, 1000, occurred_at + interval '1 second', actor_kind, actor_id, 'other',
      target_type, target_id, details, request_id, ip, hash from audit_logs where org_id = ${orgId} and sequence = 1000`
    expect(await verify()).toEqual([false, 1000, 'out_of_order'])
  })
})
