import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { type FakeCloudStorage, startCloudStorage } from '../../../tests/fakes/cloud-storage.ts'
import { describeObjectStore } from './contract.ts'
import { createCloudStorageObjects } from './gcp.ts'
import { buckets, type ObjectStore } from './index.ts'

const origins = { allowed: 'https://console.example', other: 'https://evil.example' }
const account = 'functions@test-project.iam.gserviceaccount.com'
const key = generateKeyPairSync('rsa', { modulusLength: 2048 })

let cloud: FakeCloudStorage
let store: ObjectStore

beforeAll(async () => {
  cloud = await startCloudStorage({
    buckets: buckets.map((bucket) => `raptorflow-test-${bucket}`),
    keys: new Map([[account, key.publicKey]]),
    cors: {
      origins: [origins.allowed],
      headers: ['content-type', 'x-goog-if-generation-match', 'x-goog-content-length-range'],
    },
  })
  const credentials = {
    client_email: account,
    private_key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
  store = createCloudStorageObjects({
    projectId: 'test-project',
    environment: 'test',
    client: { apiEndpoint: cloud.url, credentials },
    limits: { backoffMilliseconds: 1, requestSeconds: 5, idleSeconds: 5 },
  })
})
afterAll(() => cloud.close())

describeObjectStore('the Google driver', () => ({ store, origins }))
