import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { system } from '#shared/platform/database/index.ts'
import type { CronContext } from '#shared/runtime/declarations.ts'
import { type LogFields, silentLogger } from '#shared/runtime/log.ts'
import { run as upkeep } from '../../functions/operations/upkeep-partitions/handler.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

const adaptScript = fileURLToPath(new URL('../../scripts/adapt.ts', import.meta.url))

let product: TestProduct
let owner: postgres.Sql
let folder: string
let token: string
let organizationId: string

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
  folder = await mkdtemp(join(tmpdir(), 'audit-'))
})
afterAll(async () => {
  await owner.end()
  await product.stop()
  await rm(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  token = await product.signUp()
  organizationId = (await post('/v1/organizations', { name: 'Audited' })).id
  for (const name of ['One', 'Two', 'Three']) await post('/v1/projects', { name })
})

async function post(path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await call(product.url, 'POST', path, { token, body, headers })
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
  return answer.body
}

async function get(path: string) {
  const answer = await call(product.url, 'GET', path, { token })
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.body
}

/** Does something as the owner of the database, with the guards out of action. */
const tamper = (work: (sql: postgres.TransactionSql) => Promise<unknown>) =>
  owner.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    await work(sql)
  })

describe('over the API', () => {
  test('every change is there, newest first, with who made it from where, page by page', async () => {
    const requestId = newId()
    const project = await post('/v1/projects', { name: 'Four' }, { 'x-request-id': requestId })
    const me = await get('/v1/users/me')
    const page = await get('/v1/audit-logs?page[size]=2&action=project.')
    expect(page.data[0]).toMatchObject({
      actor_kind: 'user',
      actor_id: me.id,
      action: 'project.created',
      target_type: 'project',
      target_id: project.id,
      details: { name: 'Four' },
      request_id: requestId,
      ip: '127.0.0.1',
    })
    const next = await get(`/v1/audit-logs?page[size]=2&action=project.&page[cursor]=${page.meta.next_cursor}`)
    const sequences = [...page.data, ...next.data].map((entry: { sequence: number }) => entry.sequence)
    expect(sequences).toEqual([0, 1, 2, 3].map((back) => sequences[0]! - back))
    expect(next.meta).toEqual({ next_cursor: null, has_more: false })
  })

  test('what it was about is told by its name, also of what is gone', async () => {
    const project = await post('/v1/projects', { name: 'Doomed' })
    expect((await call(product.url, 'DELETE', `/v1/projects/${project.id}`, { token })).status).toBe(204)
    const upload = { file_name: 'Report.pdf', size_bytes: 100 }
    const { document } = await post('/v1/documents', upload)
    const { blocklist } = await post('/v1/blocklists', { name: 'Edge', maximum_tlp: 'GREEN' })
    const told = async (id: string) => (await get(`/v1/audit-logs?target_id=${id}`)).data[0].details
    expect(await told(project.id)).toEqual({ name: 'Doomed' })
    expect(await told(document.id)).toEqual({ file_name: 'Report.pdf' })
    expect(await told(blocklist.id)).toMatchObject({ name: 'Edge', maximum_tlp: 'GREEN' })
  })

  test('filters narrow the list, and a refused request writes nothing', async () => {
    const { data } = await get('/v1/audit-logs')
    const [newest] = data
    const count = async (query: string) => (await get(`/v1/audit-logs?${query}`)).data.length
    expect(await count(`target_id=${newest.target_id}`)).toBe(1)
    expect(await count(`request_id=${newest.request_id}&actor_id=${newest.actor_id}&target_type=project`)).toBe(1)
    expect(await count(`target_id=${newId()}`)).toBe(0)
    expect(await count(`from=${newest.occurred_at}`)).toBe(1)
    expect(await count(`to=${newest.occurred_at}`)).toBe(data.length - 1)
    expect(await count('action=%25')).toBe(0)
    expect((await call(product.url, 'POST', '/v1/projects', { token, body: { name: 'One' } })).status).toBe(409)
    expect((await get('/v1/audit-logs')).data).toHaveLength(data.length)
  })

  test('the log is verified, whole, after a known entry, and against an anchor', async () => {
    const verdict = await get('/v1/audit-logs/verification')
    const { head } = verdict
    expect(verdict).toMatchObject({
      valid: true,
      entries: head.sequence,
      verified: head,
      broken_at: null,
      reason: null,
    })
    await post('/v1/projects', { name: 'Four' })
    const after = await get(`/v1/audit-logs/verification?after_sequence=${head.sequence}&after_hash=${head.hash}`)
    expect(after).toMatchObject({ valid: true, entries: 1 })
    const anchored = `/v1/audit-logs/verification?anchor_sequence=${after.head.sequence}&anchor_hash=${after.head.hash}`
    expect(await get(anchored)).toMatchObject({ valid: true })
    await tamper(async (sql) => {
      await sql`delete from audit_logs where org_id = ${organizationId} and sequence > ${head.sequence}`
      await sql`update audit_heads set sequence = ${head.sequence}, hash = decode(${head.hash}, 'hex')
        where org_id = ${organizationId}`
    })
    expect(await get('/v1/audit-logs/verification')).toMatchObject({ valid: true })
    expect(await get(anchored)).toMatchObject({
      valid: false,
      broken_at: after.head.sequence,
      reason: 'unanchored',
    })
  })

  test('half a link is refused, and so is an anchor before the start', async () => {
    const hash = 'ab'.repeat(32)
    for (const query of [
      'after_sequence=1',
      `anchor_hash=${hash}`,
      'after_sequence=1&after_hash=xyz',
      `after_sequence=2&after_hash=${hash}&anchor_sequence=1&anchor_hash=${hash}`,
    ]) {
      const answer = await call(product.url, 'GET', `/v1/audit-logs/verification?${query}`, { token })
      expect(answer.status, query).toBe(422)
    }
  })
})

describe('adapt audit', () => {
  async function adapt(args: string[], env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [adaptScript, 'audit', ...args], {
      cwd: folder,
      env: { ...process.env, ADAPT_URL: product.url, ...env },
    })
    const exit = new Promise<number | null>((resolve) => child.on('close', resolve))
    const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)])
    return { stdout, stderr, exitCode: await exit }
  }
  const login = () => ['--url', product.url, '--token', token]

  test('verifies an exported file offline, and says what is wrong with it and where', async () => {
    const exported = await adapt(['export', ...login()])
    expect(exported).toMatchObject({ stderr: '', exitCode: 0 })
    const lines = exported.stdout.split('\n')
    const { sequence, hash } = JSON.parse(lines.at(-2)!).head
    const file = join(folder, 'log.jsonl')
    const verify = async (content: string, ...args: string[]) => {
      await writeFile(file, content)
      return adapt(['verify', '--file', file, ...args], { ADAPT_URL: 'http://127.0.0.1:1' })
    }
    const whole = await verify(exported.stdout, '--anchor', `${sequence}:${hash}`)
    expect(whole).toEqual({
      stdout: `Valid: ${sequence} entries. Head: ${sequence}:${hash}\n`,
      stderr: '',
      exitCode: 0,
    })
    const edited = await verify(exported.stdout.replace('project.created', 'project.deleted'))
    expect(edited).toMatchObject({ stdout: expect.stringMatching(/^BROKEN at entry \d+: it was edited/), exitCode: 1 })
    const cut = await verify(lines.slice(0, -2).join('\n'), '--json')
    expect(JSON.parse(cut.stdout)).toMatchObject({ valid: false, broken_at: sequence + 1, reason: 'truncated' })
    expect(cut.exitCode).toBe(1)
    const rolledOver = await verify(exported.stdout, '--anchor', `${sequence + 1}:${hash}`)
    expect(rolledOver.stdout).toContain(`BROKEN at entry ${sequence + 1}`)
  })

  test('verifies the log of the running product', async () => {
    expect(await adapt(['verify', ...login(), '--organization', organizationId])).toMatchObject({
      stdout: expect.stringMatching(/^Valid: [1-9]\d* entries/),
      exitCode: 0,
    })
    await tamper((sql) => sql`update audit_logs set ip = null where org_id = ${organizationId} and sequence = 2`)
    expect(await adapt(['verify', ...login()])).toMatchObject({
      stdout: expect.stringContaining('BROKEN at entry 2: it was edited'),
      exitCode: 1,
    })
  })

  test('says in words why it cannot read a log', async () => {
    const file = join(folder, 'none.jsonl')
    expect(await adapt(['verify', '--file', file])).toMatchObject({
      stderr: expect.stringContaining(file),
      exitCode: 1,
    })
    expect(await adapt(['verify', '--file', folder])).toMatchObject({ stdout: '', exitCode: 1 })
    expect(await adapt(['verify', '--url', product.url, '--token', 'x'])).toMatchObject({ stdout: '', exitCode: 1 })
    for (const args of [[], ['verify', '--anchor', '1'], ['export', '--file', file], ['verify', 'x'], ['--wrong']]) {
      expect((await adapt(args)).exitCode, args.join(' ')).toBe(2)
    }
  })
})

describe('the daily upkeep', () => {
  async function runUpkeep() {
    const lines: { message: string; fields: LogFields | undefined }[] = []
    const log = { ...silentLogger, info: (message: string, fields?: LogFields) => void lines.push({ message, fields }) }
    await product.services.database.transaction(system, (sql) =>
      upkeep({ sql, log } as unknown as CronContext, { scheduledAt: new Date() }),
    )
    return lines
  }

  test('logs the head of every organization', async () => {
    const other = (await post('/v1/organizations', { name: 'Other' })).id
    const heads = (await runUpkeep()).filter(({ message }) => message === 'audit head').map(({ fields }) => fields)
    const [{ count }] = (await owner`select count(*)::int as count from audit_heads`) as unknown as [{ count: number }]
    expect(heads).toHaveLength(count)
    const { head } = await get('/v1/audit-logs/verification')
    expect(heads).toContainEqual({ orgId: organizationId, ...head })
    expect(heads.map((fields) => fields?.orgId)).toContain(other)
  })

  test('drops usage logs older than 13 months, in the default partition too, and no other months', async () => {
    const now = new Date()
    const monthsAgo = (months: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months))
    const name = (months: number) => `api_usage_logs_${monthsAgo(months).toISOString().slice(0, 7).replace('-', '_')}`
    for (const months of [13, 14, 20]) {
      await owner.unsafe(`create table ${name(months)} partition of api_usage_logs
        for values from ('${monthsAgo(months).toISOString()}') to ('${monthsAgo(months - 1).toISOString()}')`)
    }
    for (const months of [1, 13, 14, 16, 20]) {
      await owner`insert into api_usage_logs (id, org_id, occurred_at, function_name, method, status, milliseconds, request_id)
        values (${newId()}, ${organizationId}, ${monthsAgo(months)}, 'f', 'GET', 200, 1, ${String(months)})`
    }
    const dropped = (await runUpkeep()).filter(({ message }) => message === 'partition dropped')
    expect(dropped.map(({ fields }) => fields?.partition)).toEqual([name(20), name(14)])
    const left = await owner`select request_id from api_usage_logs where function_name = 'f' order by occurred_at`
    expect(left.map((row) => row.request_id)).toEqual(['13', '1'])
  })
})
