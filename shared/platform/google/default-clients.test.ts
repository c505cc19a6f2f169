import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCloudTasksQueue } from '../queue/gcp.ts'
import { createSecretManagerSecrets } from '../secrets/gcp.ts'
import { createFirestoreState } from '../state/gcp.ts'

// The clients look for credentials here, and nowhere else when it is set.
const variable = 'GOOGLE_APPLICATION_CREDENTIALS'
const before = process.env[variable]
beforeAll(() => {
  process.env[variable] = '/no/such/key.json'
})
afterAll(() => {
  if (before === undefined) delete process.env[variable]
  else process.env[variable] = before
})

const projectId = 'acme'
// Loading the clients takes a part of it.
const timeoutMilliseconds = 3_000
const queue = createCloudTasksQueue({
  projectId,
  location: 'europe-west1',
  queues: [{ name: 'default', deadlineSeconds: 60 }],
  urlOf: (target) => `https://functions.example/${target}`,
  serviceAccountEmail: 'tasks@acme.iam.gserviceaccount.com',
  timeoutMilliseconds,
})
const state = createFirestoreState({ projectId, collection: 'state', timeoutMilliseconds })
const secrets = createSecretManagerSecrets({ projectId, timeoutMilliseconds })

test.each<[string, { call: () => Promise<unknown>; close: () => Promise<void> }]>([
  ['the queue', { call: () => queue.check(), close: () => queue.close() }],
  ['the state store', { call: () => state.read('x'), close: () => state.close() }],
  ['the secret store', { call: () => secrets.read('x'), close: () => secrets.close() }],
])(
  "%s loads Google's client by itself, and says UNAVAILABLE and why where it finds no credentials",
  async (_, { call, close }) => {
    const error: unknown = await call().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'PlatformError', code: 'UNAVAILABLE' })
    expect(String(error)).toContain('/no/such/key.json')
    await close()
  },
)
