import { generateKeyPairSync } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type FakeCloudStorage, startCloudStorage } from '../../../tests/fakes/cloud-storage.ts'
import { type FakeAccount, startAccount } from '../../../tests/fakes/cloud-storage-account.ts'
import { createCloudStorageObjects } from './gcp.ts'

const email = 'functions@test-project.iam.gserviceaccount.com'
const accessToken = 'ya29.of-the-function'
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

let cloud: FakeCloudStorage
let account: FakeAccount

beforeAll(async () => {
  cloud = await startCloudStorage({
    buckets: ['raptorflow-test-uploads'],
    keys: new Map([[email, publicKey]]),
    accessToken,
  })
  account = await startAccount({ email, accessToken, privateKey })
  vi.stubEnv('GCE_METADATA_HOST', account.host)
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present')
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined)
  vi.stubEnv('CLOUDSDK_CONFIG', '/nonexistent')
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await account.close()
  await cloud.close()
})

const open = () =>
  createCloudStorageObjects({
    projectId: 'test-project',
    environment: 'test',
    client: { apiEndpoint: cloud.url, useAuthWithCustomEndpoint: true },
    signingEndpoint: `http://${account.host}/iam/`,
    limits: { backoffMilliseconds: 1, attempts: 2 },
  })

describe('the Google object store without a key file, as on Cloud Run', () => {
  it('writes, reads and removes as the account of the function', async () => {
    const store = open()
    await store.write('uploads', 'org/a', 'content', 'text/plain')
    expect((await buffer((await store.read('uploads', 'org/a'))!.body)).toString()).toBe('content')
    expect(await store.removeSome('uploads', 'org/', 10)).toBe(1)
    await store.remove('uploads', 'org/a')
  })

  it('has URLs signed by IAM', async () => {
    const store = open()
    const signed = await store.sign('uploads', 'signed', {
      method: 'PUT',
      expiresInSeconds: 60,
      contentType: 'text/plain',
      maximumBytes: 10,
    })
    expect(account.signatures).toBe(1)
    const response = await fetch(signed.url, { method: 'PUT', headers: signed.headers, body: Buffer.from('x') })
    expect(response.status).toBe(200)
    const { url } = await store.sign('uploads', 'signed', { method: 'GET', expiresInSeconds: 60 })
    expect(await (await fetch(url)).text()).toBe('x')
    expect(signed.url + url).not.toContain(accessToken)
  })

  it('says PERMISSION, and nothing of the token, when the account may not', async () => {
    const strict = await startCloudStorage({ buckets: ['raptorflow-test-uploads'], accessToken: 'another' })
    const store = createCloudStorageObjects({
      projectId: 'test-project',
      environment: 'test',
      client: { apiEndpoint: strict.url, useAuthWithCustomEndpoint: true },
      signingEndpoint: `http://${account.host}/of-others/`,
    })
    for (const failing of [
      () => store.read('uploads', 'a'),
      () => store.write('uploads', 'a', 'x', 'text/plain'),
      () => store.remove('uploads', 'a'),
      () => store.removeSome('uploads', 'a', 1),
      () => store.sign('uploads', 'a', { method: 'GET', expiresInSeconds: 60 }),
    ]) {
      const error = (await failing().catch((thrown: unknown) => thrown)) as Error
      expect(error).toMatchObject({ name: 'PlatformError', code: 'PERMISSION' })
      expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain(accessToken)
    }
    await strict.close()
  })
})
