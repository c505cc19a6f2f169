import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadedPackages } from '../../../tests/fakes/loaded-packages.ts'
import { type PubSubFake, startPubSubFake } from '../../../tests/fakes/pubsub.ts'
import { createPubSubBus, type PubSubBusOptions } from './gcp.ts'
import type { Bus, BusMessage } from './index.ts'

// Google's authentication would look for the metadata server of a Google machine.
process.env.METADATA_SERVER_DETECTION ??= 'none'

describe('the bus on Pub/Sub', () => {
  let fake: PubSubFake
  const buses: Bus[] = []

  beforeEach(async () => {
    fake = await startPubSubFake(['projects/acme/topics/dev-documents', 'projects/acme/topics/dev-projects'])
  })
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.close()))
    await fake.stop()
  })

  function open(options: Partial<PubSubBusOptions> = {}): Bus {
    const bus = createPubSubBus({ projectId: 'acme', topicPrefix: 'dev-', emulatorHost: fake.host, ...options })
    buses.push(bus)
    return bus
  }

  const message = (parts: Partial<BusMessage> = {}): BusMessage => ({
    id: randomUUID(),
    topic: 'documents',
    body: '{}',
    attributes: { event_type: 'document.scanned' },
    ...parts,
  })
  const bodies = () => fake.taken.map(({ data }) => data.toString())

  test('loads nothing of Google before the first message, nor for none at all', async () => {
    expect(await loadedPackages('shared/platform/bus/gcp.ts')).toEqual([])
    await open({ emulatorHost: 'nowhere.invalid:1' }).publish([])
  })

  test('a message has its body, its attributes and its id, on the topic with the prefix', async () => {
    const given = message({ body: '{"text":"Straße ☃ 𝄞"}', attributes: { event_type: 'x', tlp: 'AMBER' } })
    await open().publish([given])
    expect(fake.requests).toMatchObject([{ topic: 'projects/acme/topics/dev-documents' }])
    expect(bodies()).toEqual([given.body])
    expect(fake.taken[0]).toMatchObject({
      attributes: { event_type: 'x', tlp: 'AMBER', message_id: given.id },
      orderingKey: '',
    })
  })

  test('follows PUBSUB_EMULATOR_HOST as Google’s client does', async () => {
    process.env.PUBSUB_EMULATOR_HOST = fake.host
    try {
      const bus = createPubSubBus({ projectId: 'acme', topicPrefix: 'dev-' })
      buses.push(bus)
      await bus.publish([message()])
    } finally {
      delete process.env.PUBSUB_EMULATOR_HOST
    }
    expect(fake.taken).toHaveLength(1)
  })

  test.each([
    { refuse: 'UNAVAILABLE' },
    { refuse: 'RESOURCE_EXHAUSTED' },
    { refuse: 'ABORTED' },
    { doneBut: 'UNAVAILABLE' },
    { doneBut: 'INTERNAL' },
    { lateMilliseconds: 200 },
  ] as const)('one call that goes wrong (%o) is repeated, with the same id', async (fault) => {
    fake.faults.push(fault)
    const given = message()
    await open().publish([given])
    expect(fake.requests).toHaveLength('lateMilliseconds' in fault ? 1 : 2)
    expect(new Set(fake.taken.map(({ attributes }) => attributes.message_id))).toEqual(new Set([given.id]))
  })

  test('a connection that has gone silent is replaced within the same publish', async () => {
    const bus = open({ attemptMilliseconds: 150 })
    await bus.publish([message()])
    fake.faults.push('never')
    await bus.publish([message({ body: 'second' })])
    expect(bodies()).toEqual(['{}', 'second'])
    const [first, silent, fresh] = fake.requests
    expect(silent?.peer).toBe(first?.peer)
    expect(fresh?.peer).not.toBe(first?.peer)
  })

  test('nobody there, nobody answering and everybody throttled are UNAVAILABLE when the time is over', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await new Promise((done) => silent.once('listening', done))
    fake.faults.push(...Array.from({ length: 50 }, () => ({ refuse: 'RESOURCE_EXHAUSTED' }) as const))
    const hosts = ['127.0.0.1:1', `127.0.0.1:${(silent.address() as AddressInfo).port}`, fake.host]
    for (const emulatorHost of hosts) {
      const bus = open({ emulatorHost, timeoutMilliseconds: 400, attemptMilliseconds: 150 })
      const startedAt = performance.now()
      await expect(bus.publish([message()])).rejects.toMatchObject({ name: 'PlatformError', code: 'UNAVAILABLE' })
      await expect(bus.check()).rejects.toMatchObject({ name: 'PlatformError', code: 'UNAVAILABLE' })
      expect(performance.now() - startedAt).toBeLessThan(2_000)
    }
    silent.close()
  })

  test('many keys together end in time as well, and start nothing afterwards', async () => {
    fake.faults.push(...Array.from({ length: 1_000 }, () => ({ lateMilliseconds: 100 })))
    const messages = Array.from({ length: 500 }, (_, key) => message({ orderingKey: String(key) }))
    const bus = open({ timeoutMilliseconds: 400 })
    const startedAt = performance.now()
    await expect(bus.publish(messages)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(performance.now() - startedAt).toBeLessThan(1_500)
    await sleep(100)
    const arrived = fake.requests.length
    await sleep(300)
    expect(fake.requests).toHaveLength(arrived)
    expect(arrived).toBeLessThan(500)
  })

  test.each([
    [message({ topic: 'nowhere' }), 'NOT_FOUND'],
    [message({ attributes: { event_type: 'x'.repeat(2_000) } }), 'INVALID_ARGUMENT'],
    [message({ body: 'x'.repeat(10_500_000) }), 'INVALID_ARGUMENT'],
  ])('what is refused for good (%#) is refused at once, and what is beside it goes through', async (bad, code) => {
    const other = message({ topic: 'projects', body: 'good' })
    await expect(open().publish([bad, other])).rejects.toMatchObject({ name: 'PlatformError', code })
    expect(bodies()).toEqual(['good'])
    expect(fake.requests).toHaveLength(2)
  })

  test('an account without the right to publish is PERMISSION', async () => {
    fake.faults.push({ refuse: 'PERMISSION_DENIED' })
    await expect(open().publish([message()])).rejects.toMatchObject({ code: 'PERMISSION' })
    expect(fake.requests).toHaveLength(1)
  })

  test('after a message that is refused none of the same key follows, until it is published anew', async () => {
    const bus = open()
    const many = Array.from({ length: 1_500 }, (_, number) => message({ body: `a${number}`, orderingKey: 'a' }))
    fake.faults.push({ refuse: 'PERMISSION_DENIED' })
    await expect(bus.publish(many)).rejects.toMatchObject({ code: 'PERMISSION' })
    expect(fake.requests).toHaveLength(1)
    await bus.publish(many)
    expect(bodies()).toEqual(many.map(({ body }) => body))
    expect(new Set(fake.taken.map(({ orderingKey }) => orderingKey))).toEqual(new Set(['a']))
  })

  test('publishers of the same key do not overtake each other, also when the first one fails', async () => {
    const bus = open({ timeoutMilliseconds: 2_000 })
    const publish = (body: string, orderingKey: string) => bus.publish([message({ body, orderingKey })])
    fake.faults.push({ lateMilliseconds: 150 })
    await Promise.all([publish('a1', 'a'), publish('a2', 'a'), publish('a3', 'a')])
    expect(bodies()).toEqual(['a1', 'a2', 'a3'])

    fake.faults.push({ refuse: 'PERMISSION_DENIED' })
    const outcomes = await Promise.allSettled([publish('b1', 'b'), publish('b2', 'b')])
    expect(outcomes).toMatchObject([{ reason: { code: 'PERMISSION' } }, { reason: { code: 'UNAVAILABLE' } }])
    await publish('b1', 'b')
    await publish('b2', 'b')
    expect(bodies().slice(3)).toEqual(['b1', 'b2'])
  })

  test('a check asks the service, and takes "not there" and "not for you" for an answer', async () => {
    const bus = open({ timeoutMilliseconds: 300 })
    await bus.check()
    fake.faults.push({ refuse: 'PERMISSION_DENIED' })
    await bus.check()
    fake.faults.push({ refuse: 'UNAUTHENTICATED' })
    await expect(bus.check()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(fake.taken).toEqual([])
  })

  test('close waits for what is under way, and lets nothing begin', async () => {
    const bus = open()
    fake.faults.push({ lateMilliseconds: 150 })
    const under = bus.publish([message({ body: 'a1', orderingKey: 'a' }), message({ body: 'b1', orderingKey: 'b' })])
    await bus.close()
    expect(bodies().sort()).toEqual(['a1', 'b1'])
    await under
    await expect(bus.publish([message()])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})
