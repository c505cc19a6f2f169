import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FakeCloudStorage } from '../../../tests/fakes/cloud-storage.ts'
import type { StorageFault } from '../../../tests/fakes/cloud-storage-faults.ts'
import { openTestStore, startTestStorage } from '../../../tests/fakes/cloud-storage-testing.ts'
import type { ObjectStore } from './index.ts'

const bucket = 'raptorflow-test-uploads'
const begin = /uploadType=resumable&?(?!.*upload_id)/
const chunk = /upload_id=/
const text = 'text/plain'
const mebibyte = 2 ** 20
const chunkBytes = 256 * 1024

let cloud: FakeCloudStorage
let store: ObjectStore
let number = 0

beforeAll(async () => {
  cloud = await startTestStorage()
  store = openTestStore(cloud.url, { chunkBytes })
})
afterAll(() => cloud.close())

const newKey = () => `key-${++number}`
const content = (key: string) => cloud.buckets.find(bucket, key)?.bytes ?? null
const streamed = (bytes: Buffer) =>
  Readable.from(
    (function* () {
      for (let start = 0; start < bytes.length; start += 100_000) yield bytes.subarray(start, start + 100_000)
    })(),
  )
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: { name: string; code: string }) => (error.name === 'PlatformError' ? error.code : String(error)),
  )
/** Requests that came in while something was done. */
async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const before = cloud.requests.length
  await work()
  return cloud.requests.slice(before)
}

/** The parts of uploads that came in while something was done. */
async function rangesOf(work: () => Promise<unknown>): Promise<string[]> {
  const before = cloud.uploads.ranges.length
  await work()
  return cloud.uploads.ranges.slice(before)
}

const faults: [string, StorageFault][] = [
  ['503', { kind: 'status', status: 503 }],
  ['429', { kind: 'status', status: 429 }],
  ['a connection cut at once', { kind: 'cut-request', afterBytes: 0 }],
  ['a connection cut in the middle', { kind: 'cut-request', afterBytes: 100_000 }],
  ['an answer that is lost', { kind: 'lose-answer' }],
]

describe('writing to Google', () => {
  for (const [name, fault] of faults) {
    it(`has one effect although ${name} meets each kind of request, with small and large bodies`, async () => {
      for (const size of [0, 10, 200_000, chunkBytes, chunkBytes + 1, 700_000]) {
        const bytes = randomBytes(size)
        for (const body of [bytes, streamed(bytes)]) {
          const key = newKey()
          const before = Number((await store.write('uploads', `${key}-before`, 'x', text)).generation)
          // The body of what begins an upload is too short to be cut in its middle.
          const isWithin = fault.kind !== 'cut-request' || fault.afterBytes <= size
          if (fault.kind !== 'cut-request' || fault.afterBytes === 0) cloud.faults.plan('POST', begin, fault, 2)
          if (isWithin) cloud.faults.plan('PUT', chunk, fault, 2)
          const written = await store.write('uploads', key, body, text)
          expect(written.sizeBytes).toBe(size)
          expect(content(key)!.equals(bytes)).toBe(true)
          expect(Number(written.generation) - before).toBe(1)
          expect(cloud.faults.left).toBe(0)
        }
      }
    })
  }

  it('sends a large body in parts, each once, when nothing fails', async () => {
    const bytes = randomBytes(2.5 * chunkBytes)
    const requests = await requestsOf(() => store.write('uploads', newKey(), streamed(bytes), text))
    expect(requests.map((line) => line.split(' ')[0])).toEqual(['POST', 'PUT', 'PUT', 'PUT'])
  })

  it('goes on where a cut connection left off instead of sending everything again', async () => {
    const key = newKey()
    const bytes = randomBytes(10 * mebibyte)
    const usual = openTestStore(cloud.url)
    for (const [cutAt, goesOnAt] of [
      [7 * mebibyte + 5, 7 * mebibyte],
      [100, 0],
    ]) {
      cloud.faults.plan('PUT', chunk, { kind: 'cut-request', afterBytes: cutAt! })
      const ranges = await rangesOf(() => usual.write('uploads', key, streamed(bytes), text))
      expect(content(key)!.equals(bytes)).toBe(true)
      expect(ranges).toEqual([
        `bytes 0-${8 * mebibyte - 1}/*`,
        'bytes */*',
        `bytes ${goesOnAt}-${8 * mebibyte - 1}/*`,
        `bytes ${8 * mebibyte}-${10 * mebibyte - 1}/${10 * mebibyte}`,
      ])
    }
  })

  it('gives up after some tries, with the old object in place and no session left open', async () => {
    const key = newKey()
    await store.write('uploads', key, 'old', text)
    const open = cloud.uploads.open
    for (const body of ['new', streamed(randomBytes(600_000))]) {
      cloud.faults.plan('PUT', chunk, { kind: 'status', status: 503 }, 5)
      expect(await code(store.write('uploads', key, body, text))).toBe('UNAVAILABLE')
      expect(cloud.faults.left).toBe(0)
      expect(content(key)!.toString()).toBe('old')
    }
    expect(cloud.uploads.open).toBe(open)
  })

  it('gives up when its source fails, early or late, with the old object in place and no session left open', async () => {
    const key = newKey()
    await store.write('uploads', key, 'old', text)
    const open = cloud.uploads.open
    for (const size of [0, 100, 600_000]) {
      const failing = Readable.from(
        (async function* () {
          if (size > 0) yield randomBytes(size)
          throw new Error('the source failed')
        })(),
      )
      await expect(store.write('uploads', key, failing, text)).rejects.toThrow('the source failed')
      expect(content(key)!.toString()).toBe('old')
      expect(failing.destroyed).toBe(true)
    }
    expect(cloud.uploads.open).toBe(open)
  })

  it('waits for an answer only so long', async () => {
    const impatient = openTestStore(cloud.url, { requestSeconds: 0.3, attempts: 2 })
    const key = newKey()
    cloud.faults.plan('POST', begin, { kind: 'hang' }, 2)
    expect(await code(impatient.write('uploads', key, 'x', text))).toBe('UNAVAILABLE')
    cloud.faults.plan('PUT', chunk, { kind: 'hang' }, 2)
    expect(await code(impatient.write('uploads', key, 'x', text))).toBe('UNAVAILABLE')
    cloud.faults.plan('PUT', chunk, { kind: 'hang' })
    await openTestStore(cloud.url, { requestSeconds: 2 }).write('uploads', key, 'x', text)
    expect(content(key)!.toString()).toBe('x')
  })

  it('keeps the old object when other bytes arrive than were sent', async () => {
    const key = newKey()
    await store.write('uploads', key, 'old', text)
    cloud.faults.plan('PUT', chunk, { kind: 'damage' })
    expect(await code(store.write('uploads', key, 'new', text))).toBe('DATA_DAMAGED')
    expect(content(key)!.toString()).toBe('old')
  })

  it('removes what was stored wrongly without being noticed there', async () => {
    const key = newKey()
    cloud.faults.plan('PUT', chunk, { kind: 'damage', isUnnoticed: true })
    expect(await code(store.write('uploads', key, 'new', text))).toBe('DATA_DAMAGED')
    expect(content(key)).toBeNull()
  })

  it('is refused at once when it is not allowed, and says nothing of the session', async () => {
    cloud.faults.plan('POST', begin, { kind: 'status', status: 403 })
    const requests = await requestsOf(async () => {
      expect(await code(store.write('uploads', newKey(), 'x', text))).toBe('PERMISSION')
    })
    expect(requests).toHaveLength(1)
    cloud.faults.plan('PUT', chunk, { kind: 'status', status: 503 }, 5)
    const error: unknown = await store.write('uploads', newKey(), 'x', text).catch((thrown: unknown) => thrown)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('upload_id')
  })
})

describe('reading from Google', () => {
  const media = /alt=media/
  const bytes = randomBytes(3 * mebibyte)
  const stored = async () => {
    const key = newKey()
    await store.write('uploads', key, bytes, text)
    return key
  }

  it('tries again when it is refused for a while or the connection breaks before the answer', async () => {
    const key = await stored()
    for (const fault of [{ kind: 'status', status: 503 }, { kind: 'lose-answer' }] as const) {
      cloud.faults.plan('GET', media, fault, 4)
      expect((await buffer((await store.read('uploads', key))!.body)).equals(bytes)).toBe(true)
      cloud.faults.plan('GET', media, fault, 5)
      expect(await code(store.read('uploads', key))).toBe('UNAVAILABLE')
    }
  })

  it('never ends as if all had come when the rest is cut off, damaged or missing', async () => {
    const key = await stored()
    const impatient = openTestStore(cloud.url, { idleSeconds: 0.3 })
    for (const [fault, expected] of [
      [{ kind: 'cut-answer', afterBytes: 0 }, 'UNAVAILABLE'],
      [{ kind: 'cut-answer', afterBytes: 2 * mebibyte }, 'UNAVAILABLE'],
      [{ kind: 'damage' }, 'DATA_DAMAGED'],
      [{ kind: 'hang', afterBytes: 2 * mebibyte }, 'UNAVAILABLE'],
    ] as const) {
      cloud.faults.plan('GET', media, fault)
      const object = (await (fault.kind === 'hang' ? impatient : store).read('uploads', key))!
      expect(await code(buffer(object.body)), fault.kind).toBe(expected)
    }
  })

  it('waits for an answer only so long, but for a slow reader as long as that takes', async () => {
    const key = await stored()
    const impatient = openTestStore(cloud.url, { requestSeconds: 0.3, attempts: 2 })
    cloud.faults.plan('GET', media, { kind: 'hang' }, 2)
    expect(await code(impatient.read('uploads', key))).toBe('UNAVAILABLE')
    const object = (await openTestStore(cloud.url, { idleSeconds: 0.3 }).read('uploads', key))!
    await sleep(1000)
    expect((await buffer(object.body)).equals(bytes)).toBe(true)
  })

  it('is refused at once when it is not allowed', async () => {
    cloud.faults.plan('GET', media, { kind: 'status', status: 403 })
    const requests = await requestsOf(async () => {
      expect(await code(store.read('uploads', 'a'))).toBe('PERMISSION')
    })
    expect(requests).toHaveLength(1)
  })
})

describe('removing from Google', () => {
  it('succeeds although answers are lost or refused for a while', async () => {
    for (const [, fault] of faults.filter(([, { kind }]) => kind !== 'cut-request')) {
      const key = newKey()
      await store.write('uploads', key, 'x', text)
      cloud.faults.plan('DELETE', new RegExp(`${key}(?!\\d)`), fault, 4)
      await store.remove('uploads', key)
      expect(content(key)).toBeNull()
    }
  })

  it('tells how many are gone, and leaves the others to the next call, when it fails half-way', async () => {
    for (let at = 0; at < 30; at++) await store.write('uploads', `half/${at}`, 'x', text)
    cloud.faults.plan('GET', /prefix=half/, { kind: 'lose-answer' }, 4)
    cloud.faults.plan('DELETE', /half%2F7(?!\d)/, { kind: 'status', status: 503 }, 5)
    expect(await code(store.removeSome('uploads', 'half/', 30))).toBe('UNAVAILABLE')
    const left = cloud.buckets.keys(bucket, 'half/').length
    expect(left).toBeGreaterThan(0)
    expect(await store.removeSome('uploads', 'half/', 30)).toBe(left)
    expect(await store.removeSome('uploads', 'half/', 30)).toBe(0)
  })
})
