import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadedPackages } from '../../../tests/fakes/loaded-packages.ts'
import { findEmulator } from '../emulators/find.ts'
import { type Emulator, startEmulator } from '../emulators/start.ts'
import { grpcStatus } from '../google/status.ts'
import { describeStateStore } from './contract.ts'
import { createFirestoreState, type FirestoreClient, type FirestoreState, openFirestoreClient } from './gcp.ts'

type Fault = 'before' | 'after' | undefined

interface Listed {
  name: string
  fields: Record<string, { stringValue?: string; timestampValue?: string }>
}

const emulatorFound = await findEmulator('firestore')
const clock = { milliseconds: Date.now() }
const passSeconds = (seconds: number) => {
  clock.milliseconds += seconds * 1000
}

if (emulatorFound) describeWithEmulator(emulatorFound)
else {
  it('the Firestore emulator was not found: the suites of the state store on Firestore did not run', () => {
    expect(emulatorFound).toBeUndefined()
  })
}

function describeWithEmulator(found: NonNullable<typeof emulatorFound>): void {
  let emulator: Emulator
  let store: FirestoreState
  const opened: FirestoreState[] = []
  const open = (options: Partial<Parameters<typeof createFirestoreState>[0]> = {}) => {
    const state = createFirestoreState({
      projectId: 'acme',
      collection: 'state',
      emulatorHost: emulator.host,
      timeoutMilliseconds: 30_000,
      now: () => new Date(clock.milliseconds),
      ...options,
    })
    opened.push(state)
    return state
  }

  beforeAll(async () => {
    emulator = await startEmulator(found)
    store = open()
    // The emulator's first requests take seconds: a Java machine warming up.
    for (const key of ['warm', 'up']) await store.add(key, 1, { ttlSeconds: 1 })
    await store.read('warm')
  })
  afterAll(async () => {
    await Promise.all(opened.map((state) => state.close()))
    await emulator.stop()
  })

  describeStateStore('Firestore', () => ({ store, passSeconds }))

  describe('the state store on Firestore', () => {
    const minute = { ttlSeconds: 60 }
    const newKey = () => `test:${randomUUID()}`

    /** A store whose nth commit (from 1) goes wrong as `when` says: before anything is done, or after it is done. */
    function faulty(when: (commit: number) => Fault | Promise<Fault>, code: number = grpcStatus.UNAVAILABLE) {
      let commits = 0
      const failure = () => Object.assign(new Error('as the test wants it'), { code })
      return open({
        async openClient() {
          const client = await openFirestoreClient(emulator.host)
          const commit: FirestoreClient['commit'] = async (request, options) => {
            const fault = await when(++commits)
            if (fault === 'before') throw failure()
            const answer = await client.commit(request, options)
            if (fault === 'after') throw failure()
            return answer
          }
          return { commit, getDocument: (...call) => client.getDocument(...call), close: () => client.close() }
        },
      })
    }

    it('keeps what a TTL policy needs, the key for people, and an id that says nothing', async () => {
      const key = newKey()
      await store.write(key, { a: 1 }, { ttlSeconds: 10 })
      const documents = await listDocuments(emulator.host)
      const document = documents.find(({ fields }) => fields.key?.stringValue === key)
      expect(document?.fields.expires_at?.timestampValue).toBe(new Date(clock.milliseconds + 10_000).toISOString())
      expect(document?.fields.text?.stringValue).toBe('{"a":1}')
      expect(document?.name).toMatch(/\/documents\/state\/[0-9a-f]{64}$/)
    })

    it('takes a whole number that was written for a counter, as the embedded driver does', async () => {
      const key = newKey()
      await store.write(key, 5, minute)
      expect(await store.add(key, 2, minute)).toBe(7)
      expect((await store.read(key))?.value).toBe(7)
    })

    it('a conditional write whose answer was lost says that it was written', async () => {
      const key = newKey()
      const state = faulty((commit) => (commit === 1 || commit === 2 ? 'after' : undefined))
      expect(await state.write(key, 'first', { ...minute, ifVersion: null })).toBe(true)
      const { version } = (await state.read(key))!
      const again = faulty((commit) => (commit === 1 ? 'after' : undefined))
      expect(await again.write(key, 'second', { ...minute, ifVersion: version })).toBe(true)
      expect((await state.read(key))?.value).toBe('second')
    })

    it('a conditional write that failed before anything was done is repeated', async () => {
      const key = newKey()
      const state = faulty((commit) => (commit <= 2 ? 'before' : undefined))
      expect(await state.write(key, 'first', { ...minute, ifVersion: null })).toBe(true)
      expect((await state.read(key))?.value).toBe('first')
    })

    it('a conditional write says UNAVAILABLE when others wrote before it could be known whether it was written', async () => {
      const key = newKey()
      await store.write(key, 'before', minute)
      const { version } = (await store.read(key))!
      const state = faulty(async (commit) => {
        if (commit === 1) await store.write(key, 'theirs', minute)
        return commit === 1 ? 'before' : undefined
      })
      const writing = state.write(key, 'mine', { ...minute, ifVersion: version })
      await expect(writing).rejects.toMatchObject({ name: 'PlatformError', code: 'UNAVAILABLE' })
    })

    it('never repeats an addition that may have been done', async () => {
      const key = newKey()
      await store.add(key, 1, minute)
      const lost = faulty((commit) => (commit === 1 ? 'after' : undefined))
      await expect(lost.add(key, 1, minute)).rejects.toMatchObject({ name: 'PlatformError', code: 'UNAVAILABLE' })
      expect((await store.read(key))?.value).toBe(2)
    })

    it('repeats an addition that lost against others', async () => {
      const key = newKey()
      const contended = faulty((commit) => (commit % 3 ? 'before' : undefined), grpcStatus.ABORTED)
      expect(await contended.add(key, 1, minute)).toBe(1)
      expect(await contended.add(key, 1, minute)).toBe(2)
    })

    it('loses no addition to a counter that many find expired at the same moment', async () => {
      const key = newKey()
      await store.add(key, 100, { ttlSeconds: 10 })
      passSeconds(10)
      const sums = await Promise.all(Array.from({ length: 30 }, () => store.add(key, 1, minute)))
      expect(sums.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
      expect((await store.read(key))?.value).toBe(30)
    })

    it('refuses a sum that would no longer be exact', async () => {
      const key = newKey()
      await store.add(key, Number.MAX_SAFE_INTEGER, minute)
      await expect(store.add(key, 1, minute)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    })

    it('says UNAVAILABLE when nothing answers, in time, and works when something does', async () => {
      const nobody = open({ emulatorHost: '127.0.0.1:1', timeoutMilliseconds: 300 })
      const startedAt = performance.now()
      const calls = [nobody.read('x'), nobody.write('x', 1, minute), nobody.add('x', 1, minute), nobody.remove('x')]
      for (const outcome of await Promise.allSettled(calls)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'PlatformError', code: 'UNAVAILABLE' } })
      }
      expect(performance.now() - startedAt).toBeLessThan(3_000)
      let tries = 0
      const late = open({
        openClient: () =>
          ++tries < 3 ? Promise.reject(new Error('no credentials')) : openFirestoreClient(emulator.host),
      })
      expect(await late.add(newKey(), 1, minute)).toBe(1)
    })

    it('says DATA_DAMAGED of a document that is not its own', async () => {
      const key = newKey()
      await store.write(key, 'x', minute)
      const document = (await listDocuments(emulator.host)).find(({ fields }) => fields.key?.stringValue === key)!
      await fetch(`http://${emulator.host}/v1/${document.name}`, {
        method: 'PATCH',
        headers: { authorization: 'Bearer owner' },
        body: JSON.stringify({ fields: { key: { stringValue: key } } }),
      })
      await expect(store.read(key)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    })
  })
}

describe('the module of the state store on Firestore', () => {
  it('loads neither the client nor gRPC', async () => {
    expect(await loadedPackages('shared/platform/state/gcp.ts')).toEqual([])
  })
})

async function listDocuments(host: string): Promise<Listed[]> {
  const url = `http://${host}/v1/projects/acme/databases/(default)/documents/state?pageSize=1000`
  const response = await fetch(url, { headers: { authorization: 'Bearer owner' } })
  return ((await response.json()) as { documents: Listed[] }).documents
}
