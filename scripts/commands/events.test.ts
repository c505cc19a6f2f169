import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'
import { type EmbeddedCloud, startEmbeddedCloud } from '#shared/platform/push/embedded.ts'
import { signTestToken, silentLog } from '#shared/platform/push/embedded-test-cloud.ts'
import { Receiver } from '#shared/platform/push/test-receiver.ts'
import { call, startTestProduct } from '../../tests/setup/product.ts'

const program = fileURLToPath(new URL('../adapt.ts', import.meta.url))
const patience = { timeout: 60_000, interval: 50 }
const retry = { attempts: 5, minimumBackoffSeconds: 1, maximumBackoffSeconds: 1, ackDeadlineSeconds: 10 }

let database: Awaited<ReturnType<typeof createTestDatabase>>
let owner: postgres.Sql
let receiver: Receiver
let cloud: EmbeddedCloud

beforeAll(async () => {
  database = await createTestDatabase(inject('clusterUrl'))
  owner = postgres(database.url, { max: 1, onnotice: () => {} })
  receiver = await Receiver.start()
  receiver.answer('first', () => 200)
  receiver.answer('second', () => 200)
  cloud = await startEmbeddedCloud({
    databaseUrl: database.url,
    plan: {
      // Two of one type: an event is shown once all the same.
      subscriptions: ['first', 'second'].map((target) => ({
        topic: 'documents',
        eventTypes: ['document.finished'],
        target,
        ...retry,
      })),
      queues: [],
      schedules: [],
      deadLetterTarget: 'keep',
    },
    urlOf: receiver.urlOf,
    signToken: signTestToken,
    log: silentLog,
    stopGraceSeconds: 0,
  })
})
afterAll(async () => {
  await cloud.stop()
  await receiver.stop()
  await owner.end()
  await database.drop()
})

interface Tail {
  process: ChildProcess
  lines: string[]
  errors: string[]
  exit: Promise<number | null>
}

const tails: Tail[] = []
afterEach(() => {
  for (const { process } of tails.splice(0)) process.kill('SIGKILL')
})

/** Starts `npm run adapt -- events tail …` and waits until it follows. */
async function tail(...args: string[]): Promise<Tail> {
  const child = spawn(process.execPath, [program, 'events', 'tail', ...args], {
    env: { PATH: process.env.PATH, CLOUD_DATABASE_URL: database.url },
    cwd: tmpdir(),
  })
  const started: Tail = {
    process: child,
    lines: [],
    errors: [],
    exit: new Promise((resolve) => child.once('close', resolve)),
  }
  tails.push(started)
  createInterface({ input: child.stdout! }).on('line', (line) => started.lines.push(line))
  createInterface({ input: child.stderr! }).on('line', (line) => started.errors.push(line))
  await vi.waitFor(() => expect(started.errors).toContain('Following events; Ctrl-C ends.'), patience)
  return started
}

async function publish(type: string, orgId = newId(), options: { orderingKey?: string; payload?: unknown } = {}) {
  const id = newId()
  const body = JSON.stringify({
    id,
    event_type: type,
    org_id: orgId,
    workspace_id: null,
    correlation_id: newId(),
    payload: options.payload ?? { any: 'thing' },
  })
  const { orderingKey } = options
  await cloud.bus.publish([
    { id, topic: 'documents', body, attributes: { event_type: type }, ...(orderingKey && { orderingKey }) },
  ])
  return id
}

const idsOf = ({ lines }: Tail) => lines.map((line) => JSON.parse(line).id)
const shows = (started: Tail, ids: string[]) => vi.waitFor(() => expect(idsOf(started)).toEqual(ids), patience)

describe('adapt events tail', { timeout: 180_000 }, () => {
  test('shows every event once, whoever subscribes to it or nobody, and Ctrl-C ends it cleanly', async () => {
    const before = await publish('document.finished')
    const started = await tail('--json')
    const ids = [
      await publish('document.finished'),
      await publish('workspace.created'),
      await publish('document.finished', newId(), { orderingKey: 'a' }),
    ]
    await shows(started, ids)
    expect(ids).not.toContain(before)
    expect(JSON.parse(started.lines[1]!)).toEqual({
      id: ids[1],
      type: 'workspace.created',
      publishedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      envelope: expect.objectContaining({ id: ids[1], payload: { any: 'thing' } }),
    })
    started.process.kill('SIGINT')
    expect(await started.exit).toBe(0)
    expect(started.errors).toEqual(['Following events; Ctrl-C ends.'])
    expect(started.lines).toHaveLength(3)
  })

  test('begins earlier when asked, and shows only the types and the organization that were asked for', async () => {
    const orgId = newId()
    const early = await publish('document.finished', orgId)
    const [byType, byStart, byOrg] = await Promise.all([
      tail('--json', '--type', 'workspace.created', '--type', 'agent*'),
      tail('--json', '--type', 'document.*', '--org', orgId, '--since', '60'),
      tail('--json', '--org', orgId.toUpperCase()),
    ])
    const workspace = await publish('workspace.created')
    const agent = await publish('agent_run.changed')
    const ours = await publish('document.finished', orgId)
    await shows(byType, [workspace, agent])
    await shows(byStart, [early, ours])
    await shows(byOrg, [ours])
  })

  test('shows each of many events, also while its connection is cut again and again', async () => {
    const started = await tail('--json')
    const ids: string[] = []
    for (let round = 0; round < 6; round++) {
      ids.push(...(await Promise.all(Array.from({ length: 40 }, () => publish('document.finished')))))
      ids.push(await publish('workspace.created'))
      await owner`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'adapt events tail'`
    }
    await vi.waitFor(() => expect(new Set(idsOf(started)).size).toBe(ids.length), patience)
    // It may not even notice a cut between two looks.
    expect(idsOf(started).sort()).toEqual(ids.sort())
  })

  test('shows people one line an event, and no control characters of it', async () => {
    const started = await tail()
    const orgId = newId()
    await publish('document.finished', orgId, { payload: { title: '\u001b[2J\u202eevil\nline' } })
    await vi.waitFor(() => expect(started.lines).toHaveLength(1), patience)
    expect(started.lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}document\.finished {2}\{"title":/)
    expect(started.lines[0]).toContain(`org ${orgId}`)
    expect(started.lines[0]).not.toMatch(/\u001b|\u202e/)
  })

  test('says where to look instead when there is no embedded cloud', async () => {
    const elsewhere = await createTestDatabase(inject('clusterUrl'))
    const { code, errors } = await events(['tail'], { CLOUD_DATABASE_URL: elsewhere.url })
    await elsewhere.drop()
    expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining('gcloud pubsub subscriptions pull') })
    const nowhere = await events(['tail'], { CLOUD_DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/cloud' })
    expect(nowhere).toMatchObject({ code: 1, errors: expect.stringContaining('Is the product running?') })
    expect(nowhere.errors).not.toContain('secret')
  })

  test.each([
    [[]],
    [['follow']],
    [['tail', 'more']],
    [['tail', '--org', 'acme']],
    [['tail', '--since', '3600']],
    [['tail', '--since', '-1']],
    [['tail', '--type', "'; drop table"]],
    [['tail', '--url', 'http://127.0.0.1']],
    [['test', '--type', 'a']],
    [['tail', '--unknown']],
  ])('refuses %j', async (args) => {
    const { code, errors } = await events(args as string[], {})
    expect(code).toBe(2)
    expect(errors).not.toBe('')
    expect(errors).not.toContain('    at ')
  })
})

test('adapt events test sends an event through the product and tells that it arrived', {
  timeout: 120_000,
}, async () => {
  const product = await startTestProduct(inject('clusterUrl'))
  try {
    const token = await product.signUp()
    await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Example' } })
    const asked = ['test', '--url', product.url, '--token', token]
    expect(await events(asked, {})).toEqual({
      code: 0,
      output: expect.stringMatching(/^Arrived after \d+ ms\.\n$/),
      errors: '',
    })
    const { code, output } = await events([...asked, '--json'], {})
    expect(code).toBe(0)
    expect(JSON.parse(output)).toMatchObject({ kind: 'operations.test-event', status: 'succeeded' })
    const refused = await events(['test', '--url', product.url, '--token', 'nonsense'], {})
    expect(refused).toMatchObject({ code: 1, output: '', errors: expect.stringMatching(/\S/) })
  } finally {
    await product.stop()
  }
})

function events(args: string[], environment: Record<string, string>) {
  return new Promise<{ code: number; output: string; errors: string }>((resolve) => {
    execFile(
      process.execPath,
      [program, 'events', ...args],
      { env: { PATH: process.env.PATH, ...environment }, cwd: tmpdir() },
      (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
    )
  })
}
