import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CloudTasksFake, startCloudTasksFake } from '../../../tests/fakes/cloud-tasks.ts'
import { loadedPackages } from '../../../tests/fakes/loaded-packages.ts'
import { signTestToken } from '../push/embedded-test-cloud.ts'
import type { QueuePolicy } from '../push/index.ts'
import { createServiceTokenIssuer, createServiceTokenVerifier } from '../push/service-tokens.ts'
import { Receiver } from '../push/test-receiver.ts'
import { describeQueue } from './contract.ts'
import { type CloudTasksQueueOptions, createCloudTasksQueue } from './gcp.ts'
import type { Queue, QueueTask } from './index.ts'

const place = { projectId: 'acme', location: 'europe-west1', serviceAccountEmail: 'tasks@acme.iam.gserviceaccount.com' }

describeQueue('Cloud Tasks', async ({ plan, urlOf, backoffScale }) => {
  // Cloud Tasks knows no deadline below 15 seconds.
  const fake = await startCloudTasksFake({
    queues: plan.queues,
    signToken: signTestToken,
    backoffScale,
    deadlineScale: 0.1,
  })
  const queue = createCloudTasksQueue({ ...place, queues: plan.queues, urlOf, openClient: fake.openClient })
  return {
    queue,
    async stop() {
      await queue.close()
      await fake.stop()
    },
  }
})

describe('the queue on Cloud Tasks', () => {
  const policy: QueuePolicy = {
    name: 'acme-dev-webhooks',
    attempts: 2,
    minimumBackoffSeconds: 1,
    maximumBackoffSeconds: 10,
    concurrency: 10,
    ratePerSecond: 500,
    deadlineSeconds: 60,
  }
  let receiver: Receiver
  let fake: CloudTasksFake
  const queues: Queue[] = []

  beforeEach(async () => {
    receiver = await Receiver.start()
    fake = await startFake(signTestToken)
  })
  afterEach(async () => {
    await Promise.all(queues.splice(0).map((queue) => queue.close()))
    await fake.stop()
    await receiver.stop()
  })

  function startFake(signToken: (audience: string) => Promise<string>): Promise<CloudTasksFake> {
    return startCloudTasksFake({ queues: [policy], signToken, backoffScale: 0.02 })
  }

  function open(options: Partial<CloudTasksQueueOptions> = {}): Queue {
    const queue = createCloudTasksQueue({
      ...place,
      queuePrefix: 'acme-dev-',
      queues: [{ name: 'webhooks', deadlineSeconds: 60 }],
      urlOf: receiver.urlOf,
      openClient: fake.openClient,
      ...options,
    })
    queues.push(queue)
    return queue
  }

  const task = (parts: Partial<QueueTask> = {}): QueueTask => ({
    id: randomUUID(),
    queue: 'webhooks',
    target: 'worker',
    body: '{}',
    ...parts,
  })

  test('a task comes with a token that the function accepts, for its own address only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tokens-'))
    const issuer = 'https://accounts.example'
    const tokens = await createServiceTokenIssuer({ keyFolder: folder, issuer, email: place.serviceAccountEmail })
    await fake.stop()
    fake = await startFake(tokens.sign)
    await open().enqueue([task()])
    const [request] = await receiver.until('worker', 1)
    const token = String(request?.headers.authorization).replace('Bearer ', '')
    const verifier = createServiceTokenVerifier({ issuer, emails: [place.serviceAccountEmail], jwks: tokens.jwks })
    await expect(verifier.verify(token, receiver.urlOf('worker'))).resolves.toMatchObject({ email_verified: true })
    await expect(verifier.verify(token, receiver.urlOf('other'))).rejects.toThrow()
    await rm(folder, { recursive: true })
  })

  test('the request says which account signs, how long an attempt may take and when it is due', async () => {
    const notBefore = new Date(Date.now() + 60_250)
    const given = task({ notBefore })
    await open().enqueue([given])
    const parent = 'projects/acme/locations/europe-west1/queues/acme-dev-webhooks'
    expect(fake.requests[0]?.parent).toBe(parent)
    expect(fake.requests[0]?.task?.name).toMatch(new RegExp(`^${parent}/tasks/[0-9a-f]{8}-${given.id}$`))
    expect(fake.requests[0]?.task).toMatchObject({
      dispatchDeadline: { seconds: '60' },
      httpRequest: {
        oidcToken: { serviceAccountEmail: place.serviceAccountEmail, audience: receiver.urlOf('worker') },
      },
    })
    const { seconds, nanos } = fake.requests[0]!.task!.scheduleTime!
    expect(Number(seconds) * 1000 + nanos / 1e6).toBe(notBefore.getTime())
  })

  test('names of tasks made one after the other do not follow one another', async () => {
    const ids = Array.from({ length: 16 }, (_, index) => `019309a1-7c3b-7000-8000-00000000000${index.toString(16)}`)
    await open().enqueue(ids.map((id) => task({ id })))
    const names = fake.requests.map((request) => request.task!.name.split('/').at(-1)!)
    expect(new Set(names.map((name) => name[0])).size).toBeGreaterThan(4)
  })

  test.each([
    { refuse: 'UNAVAILABLE' },
    { refuse: 'RESOURCE_EXHAUSTED' },
    { doneBut: 'UNAVAILABLE' },
    { doneBut: 'DEADLINE_EXCEEDED' },
    { doneBut: 'INTERNAL' },
    { lateMilliseconds: 300 },
  ] as const)('one call that goes wrong (%o) is repeated, and the task is delivered once', async (fault) => {
    fake.faults.push(fault)
    await open().enqueue([task()])
    await receiver.until('worker', 1)
    await sleep(100)
    expect(receiver.requests('worker')).toHaveLength(1)
    expect(fake.requests).toHaveLength('lateMilliseconds' in fault ? 1 : 2)
  })

  test('a task that was made although its caller gave up is not made twice by the next caller', async () => {
    fake.faults.push('done, but no answer')
    const given = task()
    await expect(open({ timeoutMilliseconds: 300 }).enqueue([given])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await open().enqueue([given])
    await sleep(100)
    expect(receiver.requests('worker')).toHaveLength(1)
  })

  test('a service that never answers or always throttles is UNAVAILABLE when the time is over', async () => {
    for (const fault of ['never', { refuse: 'RESOURCE_EXHAUSTED' }, { refuse: 'UNAVAILABLE' }] as const) {
      fake.faults.splice(0)
      fake.faults.push(...Array.from({ length: 100 }, () => fault))
      const startedAt = performance.now()
      const enqueuing = open({ timeoutMilliseconds: 400 }).enqueue([task(), task()])
      await expect(enqueuing).rejects.toMatchObject({ name: 'PlatformError', code: 'UNAVAILABLE' })
      expect(performance.now() - startedAt).toBeLessThan(3_000)
    }
  })

  test('what the service refuses for good is not repeated', async () => {
    for (const [refuse, code] of [
      ['PERMISSION_DENIED', 'PERMISSION'],
      ['UNAUTHENTICATED', 'PERMISSION'],
      ['INVALID_ARGUMENT', 'INVALID_ARGUMENT'],
      ['NOT_FOUND', 'NOT_FOUND'],
    ] as const) {
      fake.requests.splice(0)
      fake.faults.push({ refuse })
      await expect(open().enqueue([task()])).rejects.toMatchObject({ name: 'PlatformError', code })
      expect(fake.requests).toHaveLength(1)
    }
  })

  test('of a thousand tasks with failures here and there each arrives once', async () => {
    fake.faults.push(
      ...Array.from({ length: 300 }, (_, index) =>
        index % 3 === 0
          ? ({ doneBut: 'UNAVAILABLE' } as const)
          : index % 3 === 1
            ? ({ refuse: 'ABORTED' } as const)
            : null,
      ),
    )
    const tasks = Array.from({ length: 1_000 }, () => task())
    await open().enqueue(tasks)
    expect(new Set(fake.requests.map((request) => request.task?.name)).size).toBe(1_000)
    const requests = await receiver.until('worker', 1_000)
    await sleep(100)
    expect(new Set(requests.map((request) => String(request.headers['x-cloudtasks-taskname']).slice(9)))).toEqual(
      new Set(tasks.map(({ id }) => id)),
    )
    expect(receiver.requests('worker')).toHaveLength(1_000)
    expect(fake.depth(policy.name)).toBe(0)
  })

  test('a body above 1 MB, an id that is no UUID and a time beyond 30 days are refused, and nothing is sent', async () => {
    const queue = open()
    const invalid = [
      task({ body: `"${'é'.repeat(500_000)}"` }),
      task({ id: 'x' }),
      task({ notBefore: new Date(Date.now() + 31 * 24 * 3600 * 1000) }),
      task({ notBefore: new Date(Number.NaN) }),
    ]
    for (const bad of invalid) {
      await expect(queue.enqueue([task(), bad])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    expect(fake.requests).toHaveLength(0)
    await queue.enqueue([task({ body: `"${'x'.repeat(999_998)}"` })])
    expect(await receiver.until('worker', 1)).toHaveLength(1)
  })

  test('a queue that is declared but was never made is not ready', async () => {
    await expect(open({ queuePrefix: 'elsewhere-' }).check()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(open().check()).resolves.toBeUndefined()
  })

  test('a client that could not be made is made again at the next attempt', async () => {
    let tries = 0
    const queue = open({
      openClient: () => (++tries < 3 ? Promise.reject(new Error('no credentials yet')) : fake.openClient()),
    })
    await queue.enqueue([task()])
    expect(tries).toBe(3)
    const broken = open({ timeoutMilliseconds: 200, openClient: () => Promise.reject(new Error('no credentials')) })
    await expect(broken.enqueue([task()])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('the module loads neither the client nor gRPC', async () => {
    expect(await loadedPackages('shared/platform/queue/gcp.ts')).toEqual([])
  })
})
