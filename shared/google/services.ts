import type { Config } from '#shared/config.ts'
import { queueNames } from '#shared/domain/messaging.ts'
import { createPubSubBus } from '#shared/platform/bus/gcp.ts'
import { createCloudStorageObjects } from '#shared/platform/objects/gcp.ts'
import { createCloudTasksQueue } from '#shared/platform/queue/gcp.ts'
import { createFirestoreState } from '#shared/platform/state/gcp.ts'
import { vertexModels } from '#shared/runtime/configured-models.ts'
import type { Logger } from '#shared/runtime/log.ts'
import { openServices } from '#shared/runtime/open-services.ts'
import { queuePolicies } from '#shared/runtime/policies.ts'
import type { Services } from '#shared/runtime/services.ts'

/** Its documents are the entries of the state store; `expires_at` is the field of its TTL policy. */
const stateCollection = 'state'

/**
 * Opens what functions need on Google Cloud: Pub/Sub, Cloud Tasks, Firestore and Cloud Storage. Google's clients are
 * loaded by their first call; so a function loads what it uses, and a bundle holds what its function can use.
 *
 * @param config its Google settings are there, which `readConfig` sees to
 */
export function openGoogleServices(config: Config, log: Logger): Services {
  const { GOOGLE_CLOUD_PROJECT: projectId = '', GOOGLE_CLOUD_LOCATION: location = '' } = config
  return openServices(config, log, {
    bus: createPubSubBus({ projectId, ...on(config.PUBSUB_EMULATOR_HOST) }),
    queue: createCloudTasksQueue({
      projectId,
      location,
      queues: queueNames.map((name) => ({ name, deadlineSeconds: queuePolicies[name].deadlineSeconds })),
      urlOf: (target) => `${config.FUNCTIONS_URL}/${target}`,
      serviceAccountEmail: config.TASKS_SERVICE_ACCOUNT ?? '',
      ...on(config.CLOUD_TASKS_EMULATOR_HOST),
    }),
    state: createFirestoreState({
      projectId,
      databaseId: config.FIRESTORE_DATABASE,
      collection: stateCollection,
      ...on(config.FIRESTORE_EMULATOR_HOST),
    }),
    objects: createCloudStorageObjects({
      projectId,
      environment: config.BUCKET_ENVIRONMENT ?? config.APP_ENV,
      ...(config.STORAGE_EMULATOR_URL === undefined ? {} : { client: { apiEndpoint: config.STORAGE_EMULATOR_URL } }),
    }),
    modelDefaults: vertexModels,
    runsBetweenRequests: false,
  })
}

function on(emulatorHost: string | undefined): { emulatorHost?: string } {
  return emulatorHost === undefined ? {} : { emulatorHost }
}
