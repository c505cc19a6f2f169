import type { v2 } from '@google-cloud/tasks'
import { PlatformError } from '../errors.ts'
import { type CallOptions, ClientCalls, ownConnection } from '../google/client-calls.ts'
import { grpcStatus, statusOf, toPlatformError } from '../google/status.ts'
import type { QueuePolicy } from '../push/index.ts'
import { type CreateTaskRequest, type TaskTarget, toCreateTask } from './gcp-task.ts'
import type { Queue, QueueTask } from './index.ts'

export type CloudTasksClient = Pick<InstanceType<typeof v2.CloudTasksClient>, 'createTask' | 'getQueue' | 'close'>

export interface CloudTasksQueueOptions {
  projectId: string
  /** Region of the queues. */
  location: string
  /** Put before the names of queues, for several installations in one project. */
  queuePrefix?: string
  /** The queues that there are, with how long their tasks may take. */
  queues: readonly Pick<QueuePolicy, 'name' | 'deadlineSeconds'>[]
  /** Where a function is reached; also the audience of its tokens. */
  urlOf(target: string): string
  /** The account whose OIDC token Cloud Tasks puts on its calls; who enqueues must be allowed to act as it. */
  serviceAccountEmail: string
  /** For one task with every retry; 10,000 by default. */
  timeoutMilliseconds?: number
  /** `host:port` of an emulator. */
  emulatorHost?: string
  /** Makes the client; by default Google's, loaded at the first call, with the credentials of the environment. */
  openClient?: () => Promise<CloudTasksClient>
  now?: () => Date
}

const service = 'Cloud Tasks'
const attemptMilliseconds = 4_000
/** Requests under way at once per `enqueue`: HTTP/2 carries them over one connection. */
const concurrency = 32

/**
 * Enqueues in Cloud Tasks. Neither Google's client nor gRPC is loaded before the first task.
 *
 * A task's name follows from its id, so that repeating a request whose answer was lost is safe: the service says
 * ALREADY_EXISTS, for at least an hour after the task is done, and that counts as done here.
 */
export function createCloudTasksQueue(options: CloudTasksQueueOptions): Queue {
  return new CloudTasksQueue(options)
}

class CloudTasksQueue implements Queue {
  readonly #calls: ClientCalls<CloudTasksClient>
  readonly #targets: ReadonlyMap<string, TaskTarget>
  readonly #now: () => Date

  constructor(options: CloudTasksQueueOptions) {
    const { projectId, location, queuePrefix = '', queues, urlOf, serviceAccountEmail } = options
    this.#calls = new ClientCalls({
      service,
      open: options.openClient ?? (() => openClient(options.emulatorHost)),
      timeoutMilliseconds: options.timeoutMilliseconds ?? 10_000,
      attemptMilliseconds,
    })
    this.#targets = new Map(
      queues.map(({ name, deadlineSeconds }) => [
        name,
        {
          parent: `projects/${projectId}/locations/${location}/queues/${queuePrefix}${name}`,
          deadlineSeconds,
          urlOf,
          serviceAccountEmail,
        },
      ]),
    )
    this.#now = options.now ?? (() => new Date())
  }

  async enqueue(tasks: QueueTask[]): Promise<void> {
    if (!this.#calls.isOpen) throw closed()
    const now = this.#now()
    const requests = new Map<string, CreateTaskRequest>()
    for (const task of tasks) {
      const target = this.#targets.get(task.queue)
      if (!target) throw new PlatformError('NOT_FOUND', `There is no queue ${task.queue}.`)
      const request = toCreateTask(task, target, now)
      requests.set(request.task!.name!, request)
    }
    const waiting = requests.values()
    let failure: { error: unknown } | undefined
    const worker = async () => {
      for (const request of waiting) {
        if (failure) return
        await this.#create(request).catch((error: unknown) => {
          failure ??= { error }
        })
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, requests.size) }, worker))
    if (failure) throw toPlatformError(service, failure.error)
  }

  async check(): Promise<void> {
    if (!this.#calls.isOpen) throw closed()
    const [target] = this.#targets.values()
    if (!target) return
    try {
      await this.#calls.call((client, options) => client.getQueue({ name: target.parent }, options))
    } catch (error) {
      // Whoever says that this account may not look is there; that it may enqueue is another permission.
      if (statusOf(error) === grpcStatus.PERMISSION_DENIED) return
      throw new PlatformError('UNAVAILABLE', toPlatformError(service, error).message, { cause: error })
    }
  }

  close(): Promise<void> {
    return this.#calls.close()
  }

  async #create(request: CreateTaskRequest): Promise<void> {
    try {
      await this.#calls.call((client, options: CallOptions) => client.createTask(request, options))
    } catch (error) {
      if (statusOf(error) !== grpcStatus.ALREADY_EXISTS) throw error
    }
  }
}

function closed(): PlatformError {
  return new PlatformError('UNAVAILABLE', 'The queue is closed.')
}

async function openClient(emulatorHost?: string): Promise<CloudTasksClient> {
  const { v2 } = await import('@google-cloud/tasks')
  const client = new v2.CloudTasksClient({ ...ownConnection, ...(emulatorHost && (await emulator(emulatorHost))) })
  // A client whose credentials could not be read remembers that for good; this one is then not kept.
  await client.initialize()
  return client
}

async function emulator(host: string) {
  // A CommonJS package: bundled, it has no other export.
  const { credentials } = (await import('@grpc/grpc-js')).default
  const { hostname, port } = new URL(`http://${host}`)
  return { servicePath: hostname, port: Number(port), sslCreds: credentials.createInsecure() }
}
