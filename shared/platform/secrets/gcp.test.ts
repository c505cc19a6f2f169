import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadedPackages } from '../../../tests/fakes/loaded-packages.ts'
import { type SecretManagerFake, startSecretManagerFake } from '../../../tests/fakes/secret-manager.ts'
import { describeSecretStore } from './contract.ts'
import { createSecretManagerSecrets, type SecretManagerSecrets } from './gcp.ts'

let fake: SecretManagerFake
const opened: SecretManagerSecrets[] = []
let latest = 0

beforeAll(async () => {
  fake = await startSecretManagerFake()
})
beforeEach(() => {
  fake.faults.splice(0)
  fake.requests.splice(0)
})
afterAll(async () => {
  await Promise.all(opened.map((store) => store.close()))
  await fake.stop()
})

function open(options: Partial<Parameters<typeof createSecretManagerSecrets>[0]> = {}): SecretManagerSecrets {
  const store = createSecretManagerSecrets({ projectId: 'acme', openClient: fake.openClient, ...options })
  opened.push(store)
  return store
}

/** A name that no other test uses. */
const newName = () => `secret-${++latest}`

describeSecretStore('Secret Manager', async (secrets) => {
  for (const [name, value] of Object.entries(secrets)) fake.add(name, value)
  return { store: open(), replace: async (name, value) => fake.add(name, value) }
})

describe('the secret store on Secret Manager', () => {
  it.each(['', 'x', 'pässwörd ☃ 𝄞', '\uFEFFwith a mark', 'NUL \0', 'x'.repeat(65_536)])(
    'reads text exactly (%#)',
    async (value) => {
      const name = newName()
      fake.add(name, value)
      expect(await open().read(name)).toBe(value)
    },
  )

  it('asks for the latest version, by one request per read', async () => {
    const name = newName()
    fake.add(name, 'v')
    const store = open()
    await store.read(name)
    await store.read(name)
    const version = `projects/acme/secrets/${name}/versions/latest`
    expect(fake.requests).toEqual([version, version])
  })

  it.each([
    { status: 503, code: 'UNAVAILABLE' },
    { status: 429, code: 'RESOURCE_EXHAUSTED' },
    { status: 500, code: 'INTERNAL' },
    { status: 504, code: 'DEADLINE_EXCEEDED' },
    'cut off',
    'page of a proxy',
    'flipped bit',
  ] as const)('a read that goes wrong once (%o) is repeated', async (fault) => {
    const name = newName()
    fake.add(name, 'the value')
    fake.faults.push(fault)
    expect(await open().read(name)).toBe('the value')
    expect(fake.requests).toHaveLength(2)
  })

  it('a value that always arrives damaged is UNAVAILABLE, and is not shown', async () => {
    const name = newName()
    fake.add(name, 'hunter2')
    fake.faults.push(...Array.from({ length: 50 }, () => 'flipped bit' as const))
    const error: unknown = await open({ timeoutMilliseconds: 300 })
      .read(name)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'PlatformError', code: 'UNAVAILABLE' })
    expect(String(error)).not.toMatch(/unter2/)
  })

  it('a value without a checksum, as versions of long ago have it, is taken', async () => {
    const name = newName()
    fake.add(name, 'old')
    fake.faults.push('without checksum')
    expect(await open().read(name)).toBe('old')
  })

  it('bytes that are no text are DATA_DAMAGED, without being shown', async () => {
    const name = newName()
    fake.add(name, Buffer.from([0x68, 0x69, 0xff]))
    const error: unknown = await open()
      .read(name)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'PlatformError', code: 'DATA_DAMAGED' })
    expect(fake.requests).toHaveLength(1)
  })

  it('a secret whose latest version is disabled is NOT_FOUND: an older one must not come back', async () => {
    const name = newName()
    fake.add(name, 'first')
    fake.add(name, 'leaked')
    fake.disable(name)
    await expect(open().read(name)).rejects.toMatchObject({ name: 'PlatformError', code: 'NOT_FOUND' })
  })

  it.each([
    [403, 'PERMISSION_DENIED', 'PERMISSION'],
    [401, 'UNAUTHENTICATED', 'PERMISSION'],
    [400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'],
  ])('what is refused for good (%i %s) is told as such', async (status, code, expected) => {
    const name = newName()
    fake.add(name, 'v')
    fake.faults.push(...Array.from({ length: 5 }, () => ({ status, code })))
    await expect(open().read(name)).rejects.toMatchObject({ name: 'PlatformError', code: expected })
  })

  it('a service that never answers is UNAVAILABLE in time, and a slow one is waited for', async () => {
    const name = newName()
    fake.add(name, 'v')
    fake.faults.push('never')
    const startedAt = performance.now()
    await expect(open({ timeoutMilliseconds: 200 }).read(name)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    fake.faults.splice(0)
    fake.faults.push({ lateMilliseconds: 300 })
    expect(await open().read(name)).toBe('v')
  })

  it('a client that could not be made is made again at the next read', async () => {
    const name = newName()
    fake.add(name, 'v')
    let isReady = false
    const openClient = () => (isReady ? fake.openClient() : Promise.reject(new Error('no credentials')))
    const store = open({ openClient, timeoutMilliseconds: 1_500 })
    await expect(store.read(name)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    isReady = true
    expect(await store.read(name)).toBe('v')
  })

  it('a closed store refuses', async () => {
    const store = open()
    await store.close()
    await expect(store.read('present')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('the module loads neither the client nor gRPC', async () => {
    expect(await loadedPackages('shared/platform/secrets/gcp.ts')).toEqual([])
  })
})
