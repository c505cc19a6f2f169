import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { objectTables } from '#shared/domain/erasure/objects.ts'
import { retainedTables } from '#shared/domain/erasure/retained.ts'
import { newId } from '#shared/domain/ids.ts'
import { serviceScope } from '#shared/runtime/contexts.ts'
import { admit } from '#shared/runtime/inbox.ts'
import { openUrlAsOwner } from '../faults/invariants.ts'
import { fingerprintOf, makeTenant, objectsOf, rowsOf, type Tenant } from '../setup/full-tenant.ts'
import { type Answer, call, startTestProduct, type TestProduct, uploadDocument } from '../setup/product.ts'

let product: TestProduct
let owner: postgres.Sql
let gone: Tenant
let other: Tenant

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = openUrlAsOwner(product.database.ownerUrl)
  ;[gone, other] = await Promise.all([makeTenant(product, 'Gone'), makeTenant(product, 'Other')])
})
afterAll(async () => {
  await owner?.end()
  await product?.stop()
})

const send = (method: string, path: string, token: string, orgId?: string): Promise<Answer> =>
  call(product.url, method, path, { token, headers: orgId === undefined ? {} : { 'x-org-id': orgId } })

const erase = (tenant: Tenant, token: string, confirm = tenant.name) =>
  send('DELETE', `/v1/organizations/${tenant.orgId}?confirm=${encodeURIComponent(confirm)}`, token)

/** Posts a task to its function, as the queue does when its time has come. */
async function deliver(name: string, orgId: string, payload: unknown): Promise<string> {
  const audience = `${product.services.config.FUNCTIONS_URL}/${name}`
  const answer = await call(product.url, 'POST', `/functions/${name}`, {
    token: await product.signPush(audience),
    body: {
      id: crypto.randomUUID(),
      event_type: name,
      org_id: orgId,
      workspace_id: null,
      actor_id: null,
      correlation_id: 'test',
      traceparent: null,
      payload,
      timestamp: new Date().toISOString(),
    },
  })
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.body.outcome
}

async function join(tenant: Tenant, role: string): Promise<string> {
  const token = await product.signUp()
  const { id } = (await send('GET', '/v1/users/me', token)).body
  await owner`insert into memberships (org_id, user_id, role) values (${tenant.orgId}, ${id}, ${role})`
  await owner`insert into workspace_members (org_id, workspace_id, user_id, role)
    values (${tenant.orgId}, ${tenant.workspaceId}, ${id}, 'member')`
  return token
}

/** The shell that its owner may still see. */
const shell = ['audit_heads', 'audit_logs', 'job_events', 'jobs', 'memberships', 'organizations', 'outbox']

test('every table whose rows name objects is known with its bucket', async () => {
  const tables = await owner<{ name: string }[]>`
    select relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'object_key'`
  expect(tables.map(({ name }) => name).sort()).toEqual(Object.keys(objectTables).sort())
})

test('every table of organizations can be erased, but the log, which has its own way, and what the law wants kept', async () => {
  const tables = await owner<{ name: string }[]>`
    select relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and not has_table_privilege('adapt_app', c.oid, 'delete')`
  const names = tables.map(({ name }) => name).filter((name) => !name.startsWith('audit_'))
  expect(names.toSorted()).toEqual([...retainedTables].toSorted())
})

test('what is to be deleted is found by an index, from its organization, its workspace and whatever it refers to', async () => {
  // Tables of a person's, which go with the person, are another matter.
  const without = await owner<{ what: string }[]>`
    with tenants as (
      select c.oid, c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    ), wanted as (
      select t.oid, t.relname, a.attnum, a.attname
      from tenants t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f'
      join tenants f on f.oid = k.confrelid
      join pg_attribute a on a.attrelid = t.oid and a.attnum = k.conkey[1]
      union
      select t.oid, t.relname, a.attnum, a.attname from tenants t join pg_attribute a on a.attrelid = t.oid
      where a.attname = case when exists (
          select from pg_attribute w where w.attrelid = t.oid and w.attname = 'workspace_id' and w.attnotnull
        ) then 'workspace_id' else 'org_id' end
    )
    select relname || '.' || attname as what from wanted w
    where not exists (
      select from pg_index i where i.indrelid = w.oid and i.indkey[0] = w.attnum
        and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', w.attname)))
    order by 1`
  expect(without.map(({ what }) => what)).toEqual([])
})

describe('deleting an organization', () => {
  let admin: string
  let viewer: string
  let otherBefore: Record<string, string>
  let job: { id: string }
  let answered: Answer

  beforeAll(async () => {
    admin = await join(gone, 'admin')
    viewer = await join(gone, 'viewer')
    expect((await send('GET', '/v1/projects', viewer)).status).toBe(200)
  })

  test('takes its exact name', async () => {
    for (const confirm of ['', 'gone', 'Gone ', other.name]) {
      const answer = await erase(gone, gone.token, confirm)
      expect([answer.status, answer.body.error.code]).toEqual([422, 'VALIDATION_ERROR'])
    }
    expect((await send('DELETE', `/v1/organizations/${gone.orgId}`, gone.token)).status).toBe(422)
  })

  test('is for its owner alone: not for its admins, its keys or the owner of another one', async () => {
    const refused = await erase(gone, admin)
    expect(refused.status).toBe(403)
    expect(refused.body.error.message).toContain('organization:delete')
    expect((await erase(gone, gone.apiKey)).status).toBe(403)
    expect((await erase(gone, other.token)).status).toBe(404)
    expect((await send('GET', '/v1/projects', gone.token)).status).toBe(200)
  })

  test('answers with a job, and again with the same one', async () => {
    const full = await rowsOf(owner, gone.orgId)
    for (const table of [
      'documents',
      'evidence',
      'exports',
      'blocklists',
      'api_keys',
      'notifications',
      'invitations',
    ]) {
      expect(full[table], table).toBeGreaterThan(0)
    }
    expect((await objectsOf(product.dataFolder, gone.orgId)).length).toBe(3)
    otherBefore = await fingerprintOf(owner, other.orgId)
    answered = await erase(gone, gone.token)
    job = answered.body
    expect([answered.status, answered.headers.get('location')]).toEqual([202, `/v1/jobs/${job.id}`])
    const again = await Promise.all([1, 2, 3].map(() => erase(gone, gone.token)))
    expect(again.map(({ status, body }) => [status, body.id])).toEqual([1, 2, 3].map(() => [202, job.id]))
    expect((await erase(gone, gone.token, 'Other')).status).toBe(422)
  })

  test('closes it for everybody within the five seconds that an identity is believed', async () => {
    const closed = async () => {
      const answers = await Promise.all([
        send('GET', '/v1/projects', gone.token, gone.orgId),
        send('GET', '/v1/projects', viewer, gone.orgId),
        send('GET', `/v1/jobs/${job.id}`, viewer, gone.orgId),
        call(product.url, 'GET', gone.blocklistPath),
        send('GET', '/v1/projects', gone.apiKey),
      ])
      return answers.map(({ status }) => status)
    }
    await expect.poll(closed, { timeout: 7000, interval: 200 }).toEqual([404, 404, 404, 404, 401])
    const listed = await send('GET', '/v1/organizations', viewer)
    expect(listed.body.data).toEqual([])
  })

  test('is told step by step to its owner, until it has succeeded', async () => {
    const { body, status } = await send('GET', `/v1/jobs/${job.id}/events`, gone.token, gone.orgId)
    expect(status).toBe(200)
    const events = [...(body as string).matchAll(/^event: (\w+)\ndata: (.*)$/gm)]
    const steps = events.map(([, , data]) => JSON.parse(data!) as { done: number; total: number })
    expect(events[0]?.[1]).toBe('queued')
    expect(events.at(-1)?.[1]).toBe('succeeded')
    expect(steps.at(-1)!.total).toBeGreaterThan(20)
    expect(steps.at(-1)!.done).toBe(steps.at(-1)!.total)
    const done = steps.map((step) => step.done)
    expect(done).toEqual(done.toSorted((a, b) => a - b))
  })

  test('ends what was under way for it without effect, and without dead letters', async () => {
    const step = { document_id: gone.documentIds[0], job_id: job.id }
    expect(await deliver('documents-validate', gone.orgId, step)).toBe('dropped')
    expect(await deliver('documents-scan', gone.orgId, { poison: true })).toBe('dropped')
    expect(await deliver('exports-build', gone.orgId, { export_id: job.id, job_id: job.id })).toBe('dropped')
  })

  test('leaves no row but the shell, no object, and nothing of the other organization changed', async () => {
    const left = await rowsOf(owner, gone.orgId)
    expect(Object.keys(left).filter((table) => !shell.includes(table))).toEqual([])
    expect(left).toMatchObject({ organizations: 1, memberships: 1, jobs: 1 })
    expect(await objectsOf(product.dataFolder, gone.orgId)).toEqual([])
    expect(await fingerprintOf(owner, other.orgId)).toEqual(otherBefore)
    expect(await owner`select 1 from dead_letters`).toHaveLength(0)
  })

  test('lets its owner see the job, then goes as a whole; the owner stays', async () => {
    const listed = await send('GET', '/v1/organizations', gone.token)
    expect(listed.body.data).toMatchObject([{ id: gone.orgId, status: 'deleting' }])
    expect((await send('GET', `/v1/jobs/${job.id}`, gone.token, gone.orgId)).body.status).toBe('succeeded')
    const longRunning = (await product.cloud.depth()).find(({ queue }) => queue.includes('long-running'))
    // The last two tasks, each with its time: the shell goes after a quarter of an hour, late uploads after two.
    expect(longRunning?.delayed).toBe(2)
    expect(await deliver('organizations-forget', gone.orgId, { job_id: job.id })).toBe('done')
    expect(await rowsOf(owner, gone.orgId)).toEqual({})
    expect((await send('GET', `/v1/jobs/${job.id}`, gone.token, gone.orgId)).status).toBe(404)
    expect((await erase(gone, gone.token)).status).toBe(404)
    expect((await send('GET', '/v1/users/me', gone.token)).body.id).toBe(gone.ownerId)
    expect(await fingerprintOf(owner, other.orgId)).toEqual(otherBefore)
  })

  test('has what arrives late removed too, and messages that were still under way end harmlessly', async () => {
    await product.services.objects.write('uploads', `${gone.orgId}/late`, 'x', 'text/plain')
    const places = [{ bucket: 'uploads', prefix: `${gone.orgId}/` }]
    expect(await deliver('objects-remove-late', gone.orgId, { places })).toBe('done')
    expect(await objectsOf(product.dataFolder, gone.orgId)).toEqual([])
    const step = { document_id: gone.documentIds[0], job_id: job.id }
    expect(await deliver('documents-validate', gone.orgId, step)).toBe('done')
    expect(await deliver('organizations-erase', gone.orgId, { job_id: job.id, stage: 'objects' })).toBe('done')
    expect(await rowsOf(owner, gone.orgId)).toEqual({})
    expect((await send('GET', `/v1/documents/${other.documentIds[0]}`, other.token)).status).toBe(200)
    expect(await objectsOf(product.dataFolder, other.orgId)).toHaveLength(3)
  })
})

test('deleting waits for work that was admitted before, and none is admitted after', async () => {
  const token = await product.signUp()
  const { id } = (await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Busy' } })).body
  const { database } = product.services
  const admission = () => database.transaction(serviceScope(id, null), (sql) => admit(sql, 'test', newId(), id))
  const order: string[] = []
  const [begun, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const work = database.transaction(serviceScope(id, null), async (sql) => {
    expect(await admit(sql, 'test', newId(), id)).toBe('admitted')
    begun.resolve()
    await release.promise
    order.push('work')
  })
  await begun.promise
  expect(await admission()).toBe('admitted')
  const deletion = send('DELETE', `/v1/organizations/${id}?confirm=Busy`, token).then(({ status }) => {
    order.push('deletion')
    return status
  })
  const waiting = () => owner`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await expect.poll(async () => (await waiting()).length).toBe(1)
  const late = admission()
  release.resolve()
  await work
  expect(await deletion).toBe(202)
  expect(order).toEqual(['work', 'deletion'])
  await late
  expect(await admission()).toBe('closed')
})

test("a message of one organization can't have objects of another one removed", async () => {
  const [mine, theirs] = [crypto.randomUUID(), other.orgId]
  for (const prefix of [theirs, `${theirs}/`, mine, '', `${mine}x/${mine}/`]) {
    expect(await deliver('objects-remove-late', mine, { places: [{ bucket: 'uploads', prefix }] })).toBe(
      'dead-lettered',
    )
  }
  expect(await objectsOf(product.dataFolder, other.orgId)).toHaveLength(3)
})

test('nothing is removed of an organization that nobody asked to delete, whatever a message says', async () => {
  const before = await fingerprintOf(owner, other.orgId)
  const [job] = await owner<{ id: string }[]>`select id from jobs where org_id = ${other.orgId} limit 1`
  for (const stage of ['objects', 'rows']) {
    expect(await deliver('organizations-erase', other.orgId, { job_id: job!.id, stage })).toBe('done')
  }
  expect(await deliver('organizations-forget', other.orgId, { job_id: job!.id })).toBe('done')
  const ids = { workspace_id: other.workspaceId, job_id: job!.id }
  expect(await deliver('workspaces-erase', other.orgId, ids)).toBe('done')
  expect(await fingerprintOf(owner, other.orgId)).toEqual(before)
  expect(await objectsOf(product.dataFolder, other.orgId)).toHaveLength(3)
})

describe('deleting a workspace', () => {
  test('removes its objects and rows, and derives anew what another workspace says too', async () => {
    const { token, orgId } = other
    const post = async (path: string, workspaceId: string, body?: unknown) => {
      const headers = { 'x-workspace-id': workspaceId }
      const answer = await call(product.url, 'POST', path, { token, headers, ...(body ? { body } : {}) })
      expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
      return answer.body
    }
    const second = await post('/v1/workspaces', other.workspaceId, { name: 'Second' })
    const shared = 'The implant calls 185.220.101[.]40 and c2.only-here[.]top every day.\n'
    const documentId = await uploadDocument(product.url, token, {
      fileName: 'second.txt',
      content: shared,
      workspaceId: second.id,
    })
    const { job_id } = await post(`/v1/documents/${documentId}/complete`, second.id)
    await post('/v1/exports', second.id, { format: 'csv', filter: {} })
    const status = async (id: string) =>
      (await owner<{ status: string }[]>`select status from jobs where id = ${id}`)[0]?.status
    await expect.poll(() => status(job_id), { timeout: 15_000 }).toBe('succeeded')
    await expect.poll(() => objectsOf(product.dataFolder, orgId), { timeout: 15_000 }).toHaveLength(5)
    // What a model was asked and answered; that of another workspace stays.
    for (const workspaceId of [second.id, other.workspaceId]) {
      const key = `${orgId}/${workspaceId}/models/2026-11-21/${newId()}.json`
      await product.services.objects.write('artifacts', key, '{}', 'application/json')
    }
    const shown = async (value: string) => [
      ...(await owner`select confidence, tlp from indicators where org_id = ${orgId} and value = ${value}`),
    ]
    const [known] = await shown('185.220.101.40')

    const answer = await send('DELETE', `/v1/workspaces/${second.id}?confirm=Second`, token)
    expect(answer.status, JSON.stringify(answer.body)).toBe(202)
    await expect.poll(() => status(answer.body.id), { timeout: 15_000 }).toBe('succeeded')
    const left = await rowsOf(owner, second.id)
    // What was done stays on record: the log of the audit and the job itself.
    expect(
      Object.keys(left).filter((table) => !['audit_logs', 'jobs', 'job_events', 'idempotency_keys'].includes(table)),
    ).toEqual([])
    expect(await objectsOf(product.dataFolder, orgId)).toHaveLength(4)
    expect(await shown('c2.only-here.top')).toEqual([])
    const [after] = await shown('185.220.101.40')
    expect(after!.confidence).toBeLessThan(known!.confidence)
    expect((await send('GET', `/v1/documents/${other.documentIds[0]}`, token)).body.status).toBe('ready')
  })
})
