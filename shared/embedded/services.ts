import type { Config } from '#shared/config.ts'
import type { Bus } from '#shared/platform/bus/index.ts'
import { createLocalObjects } from '#shared/platform/objects/local.ts'
import type { Queue } from '#shared/platform/queue/index.ts'
import type { StateStore } from '#shared/platform/state/index.ts'
import { localModels } from '#shared/runtime/configured-models.ts'
import type { Logger } from '#shared/runtime/log.ts'
import { openServices } from '#shared/runtime/open-services.ts'
import type { Services } from '#shared/runtime/services.ts'

/**
 * Opens what functions need on one machine; on Google Cloud: shared/google/services.ts.
 * @param cloud the embedded cloud, or null in a process of its own, which leaves sending to the outbox sweeper
 */
export function openEmbeddedServices(
  config: Config,
  log: Logger,
  cloud: { bus: Bus; queue: Queue; state: StateStore } | null,
): Services & { objects: ReturnType<typeof createLocalObjects> } {
  return openServices(config, log, {
    bus: cloud?.bus ?? null,
    queue: cloud?.queue ?? null,
    state: cloud?.state ?? null,
    objects: createLocalObjects({
      folder: config.OBJECTS_FOLDER ?? '',
      secret: config.OBJECTS_SECRET ?? '',
      publicUrl: config.PUBLIC_URL,
      origins: config.CORS_ORIGINS,
    }),
    modelDefaults: localModels,
    runsBetweenRequests: cloud !== null,
  })
}
