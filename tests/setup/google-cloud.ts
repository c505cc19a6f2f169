import { randomBytes } from 'node:crypto'
import { topics } from '#shared/domain/messaging.ts'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'
import { findEmulator } from '#shared/platform/emulators/find.ts'
import { startPubSubCloud } from '#shared/platform/emulators/pubsub-cloud.ts'
import { type Emulator, startEmulator } from '#shared/platform/emulators/start.ts'
import { startEmbeddedCloud } from '#shared/platform/push/embedded.ts'
import type { PushPlan } from '#shared/platform/push/index.ts'
import type { StateStore } from '#shared/platform/state/index.ts'
import { silentLogger } from '#shared/runtime/log.ts'
import type { FakeCloudStorage } from '../fakes/cloud-storage.ts'
import { startTestStorage, writeTestCredentials } from '../fakes/cloud-storage-testing.ts'
import { type CloudTasksFake, startCloudTasksFake } from '../fakes/cloud-tasks.ts'
import { startPubSubFake } from '../fakes/pubsub.ts'
import { type SecretManagerFake, startSecretManagerFake } from '../fakes/secret-manager.ts'
import { MemoryState } from '../fakes/state-store.ts'

/** The one that the fake of Secret Manager knows. */
export const projectId = 'acme'

/** What Pub/Sub and Firestore are: Google's own emulators, or our fakes where those are not installed. */
export type Kind = 'emulators' | 'fakes'

export const emulatorsFound = {
  pubsub: await findEmulator('pubsub'),
  firestore: await findEmulator('firestore'),
}

export interface GoogleCloudOptions {
  kind: Kind
  clusterUrl: string
  /** Keys are kept here. */
  folder: string
  plan: PushPlan
  urlOf(target: string): string
  signToken(audience: string): Promise<string>
  backoffScale: number
}

/** Google Cloud on this machine, as its services are seen by the drivers. */
export interface GoogleCloud {
  /** Where everything is, in the words of the configuration. */
  settings: Record<string, string>
  storage: FakeCloudStorage
  tasks: CloudTasksFake
  secrets: SecretManagerFake
  /** In the place of the driver's own, where Firestore's emulator is not installed. */
  state: StateStore | null
  /** Names of the documents that the state store has at Firestore's emulator. */
  stateDocuments(): Promise<string[]>
  stop(): Promise<void>
}

export async function startGoogleCloud(options: GoogleCloudOptions): Promise<GoogleCloud> {
  const { kind, folder, plan, signToken, backoffScale } = options
  const [storage, secrets, tasks, pubsub, firestore] = await Promise.all([
    startTestStorage(),
    startSecretManagerFake(),
    startCloudTasksFake({ queues: plan.queues, signToken: (audience) => signToken(audience), backoffScale }),
    kind === 'emulators' ? startEmulatedPubSub(options) : startFakePubSub(options),
    kind === 'emulators' ? startEmulator(emulatorsFound.firestore!) : null,
  ])
  process.env.METADATA_SERVER_DETECTION = 'none'
  process.env.GOOGLE_APPLICATION_CREDENTIALS = await writeTestCredentials(folder)
  secrets.add('signing-secret', `${randomBytes(32).toString('hex')}\n`)
  secrets.add('supabase-anon-key', 'local')
  return {
    settings: {
      GOOGLE_CLOUD_PROJECT: projectId,
      GOOGLE_CLOUD_LOCATION: 'asia-south1',
      SIGNING_SECRET: 'sm://signing-secret',
      SUPABASE_ANON_KEY: 'sm://supabase-anon-key',
      PUBSUB_EMULATOR_HOST: pubsub.host,
      CLOUD_TASKS_EMULATOR_HOST: tasks.host,
      SECRET_MANAGER_EMULATOR_HOST: `127.0.0.1:${secrets.port}`,
      STORAGE_EMULATOR_URL: storage.url,
      ...(firestore ? { FIRESTORE_EMULATOR_HOST: firestore.host } : {}),
    },
    storage,
    tasks,
    secrets,
    state: firestore ? null : new MemoryState(() => new Date()),
    stateDocuments: async () => (firestore ? listDocuments(firestore) : []),
    async stop() {
      await tasks.stop()
      await pubsub.stop()
      await Promise.all([firestore?.stop(), storage.close(), secrets.stop()])
    },
  }
}

interface PubSub {
  host: string
  stop(): Promise<void>
}

async function startEmulatedPubSub(options: GoogleCloudOptions): Promise<PubSub> {
  const emulator = await startEmulator(emulatorsFound.pubsub!)
  const cloud = await startPubSubCloud({
    ...options,
    emulatorHost: emulator.host,
    projectId,
    topics: allTopics(options),
  })
  return {
    host: emulator.host,
    async stop() {
      await cloud.stop()
      await emulator.stop()
    },
  }
}

/** Topics that nobody subscribes to have to be there too; those of the plan are made with their subscriptions. */
function allTopics({ plan }: GoogleCloudOptions): string[] {
  const subscribed = new Set(plan.subscriptions.map(({ topic }) => topic))
  return topics.filter((topic) => topic !== 'dead-letters' && !subscribed.has(topic))
}

/** Publishing speaks to the fake over gRPC; what it takes is pushed by the embedded cloud, which does it as Pub/Sub. */
async function startFakePubSub({ clusterUrl, plan, ...options }: GoogleCloudOptions): Promise<PubSub> {
  const database = await createTestDatabase(clusterUrl)
  const pushing = await startEmbeddedCloud({
    ...options,
    databaseUrl: database.url,
    plan: { ...plan, queues: [], schedules: [] },
    log: silentLogger,
    stopGraceSeconds: 0,
  })
  const prefix = `projects/${projectId}/topics/`
  const fake = await startPubSubFake(
    topics.map((topic) => prefix + topic),
    (topic, messages) =>
      pushing.bus.publish(
        messages.map(({ data, attributes: { message_id, ...attributes }, orderingKey }) => ({
          id: message_id!,
          topic: topic.slice(prefix.length),
          body: data.toString(),
          attributes,
          ...(orderingKey === '' ? {} : { orderingKey }),
        })),
      ),
  )
  return {
    host: fake.host,
    async stop() {
      await fake.stop()
      await pushing.stop()
      await database.drop()
    },
  }
}

async function listDocuments({ host }: Emulator): Promise<string[]> {
  const url = `http://${host}/v1/projects/${projectId}/databases/(default)/documents/state?pageSize=300`
  const response = await fetch(url, { headers: { authorization: 'Bearer owner' } })
  const { documents = [] } = (await response.json()) as { documents?: { name: string }[] }
  return documents.map(({ name }) => name)
}
