import { readFileSync } from 'node:fs'
import { v2 } from '@google-cloud/tasks'
import {
  credentials,
  type GrpcObject,
  type handleUnaryCall,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
} from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { Poster } from '#shared/platform/push/http-post.ts'
import type { QueuePolicy } from '#shared/platform/push/index.ts'
import type { CloudTasksClient } from '#shared/platform/queue/gcp.ts'
import { type DispatchOptions, FakeQueue, type FakeTask } from './cloud-tasks-dispatch.ts'
import { answerWithFaults, type Fault, StatusError } from './grpc-fault.ts'

export interface CloudTasksFakeOptions extends Partial<DispatchOptions> {
  /** `name` is the queue's id in Cloud Tasks, with any prefix; `attempts` and so on are what Terraform sets there. */
  queues: readonly QueuePolicy[]
  signToken: DispatchOptions['signToken']
}

export interface CloudTasksFake {
  /** `host:port`, as of an emulator. */
  host: string
  /** Makes Google's own client, speaking to this fake over a connection of its own. */
  openClient(): Promise<CloudTasksClient>
  /** What goes wrong with the next calls of CreateTask, one each; null: nothing. */
  faults: (Fault | null)[]
  /** Every CreateTask that arrived, also those that were refused. */
  requests: CreateTask[]
  /** Tasks that wait, are under way or will be repeated, by queue. */
  depth(queue: string): number
  stop(): Promise<void>
}

interface Timestamp {
  seconds: string
  nanos: number
}

interface CreateTask {
  parent: string
  task?: {
    name: string
    scheduleTime?: Timestamp | null
    dispatchDeadline?: Timestamp | null
    httpRequest?: {
      url: string
      httpMethod: string
      headers: Record<string, string>
      body: Buffer
      oidcToken?: { serviceAccountEmail: string; audience: string }
    }
  }
}

const protos = new URL('../../protos/protos.json', import.meta.resolve('@google-cloud/tasks'))
const queueName = /^projects\/[^/]+\/locations\/[^/]+\/queues\/([A-Za-z0-9-]{1,100})$/
const taskId = /^[A-Za-z0-9_-]{1,500}$/
const maximumTaskBytes = 1_048_576
const maximumDelayMilliseconds = 30 * 24 * 3600 * 1000

/**
 * Starts a server that speaks Cloud Tasks v2 (CreateTask and GetQueue over gRPC, from the protos inside Google's
 * package) and dispatches what it gets over HTTP as Cloud Tasks does. It remembers names for as long as it runs, keeps
 * nothing on disk, and checks requests against the service's documented limits.
 */
export async function startCloudTasksFake(options: CloudTasksFakeOptions): Promise<CloudTasksFake> {
  const { queues: policies, signToken, backoffScale = 1, deadlineScale = 1 } = options
  const stop = new AbortController()
  const poster = new Poster()
  const dispatch = { signToken, backoffScale, deadlineScale }
  const queues = new Map(policies.map((policy) => [policy.name, new FakeQueue(policy, dispatch, poster, stop)]))
  const names = new Set<string>()
  const faults: (Fault | null)[] = []
  const requests: CreateTask[] = []

  const queueOf = (name: string) => {
    const id = queueName.exec(name)?.[1]
    if (id === undefined) throw new StatusError('INVALID_ARGUMENT', `Queue name must be formatted: ${name}`)
    const queue = queues.get(id)
    if (!queue) throw new StatusError('NOT_FOUND', 'Queue does not exist.')
    return queue
  }
  const createTask: handleUnaryCall<CreateTask, object> = ({ request }, callback) => {
    requests.push(request)
    const work = () => {
      const queue = queueOf(request.parent)
      const task = readTask(request)
      if (names.has(task.name)) throw new StatusError('ALREADY_EXISTS', 'Requested entity already exists')
      names.add(task.name)
      queue.add(task)
      return { name: task.name }
    }
    void answerWithFaults(faults, work, callback)
  }
  const getQueue: handleUnaryCall<{ name: string }, object> = ({ request }, callback) => {
    void answerWithFaults([], () => ({ name: request.name, state: queueOf(request.name) && 'RUNNING' }), callback)
  }

  const server = new Server({ 'grpc.max_receive_message_length': -1 })
  server.addService(serviceDefinition(), { createTask, getQueue })
  const port = await new Promise<number>((done, failed) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? failed(error) : done(bound),
    )
  })
  return {
    host: `127.0.0.1:${port}`,
    faults,
    requests,
    depth: (name) => queues.get(name)?.depth ?? 0,
    async openClient() {
      // The client would look for the metadata server of a Google machine.
      process.env.METADATA_SERVER_DETECTION ??= 'none'
      return new v2.CloudTasksClient({ servicePath: '127.0.0.1', port, sslCreds: credentials.createInsecure() })
    },
    async stop() {
      stop.abort()
      poster.close()
      server.forceShutdown()
    },
  }
}

function serviceDefinition(): ServiceClientConstructor['service'] {
  const definition = fromJSON(JSON.parse(readFileSync(protos, 'utf8')), { enums: String, longs: String })
  const google = loadPackageDefinition(definition).google as GrpcObject
  const { CloudTasks } = ((google.cloud as GrpcObject).tasks as GrpcObject).v2 as Record<
    string,
    ServiceClientConstructor
  >
  return CloudTasks!.service
}

function readTask({ parent, task }: CreateTask): FakeTask {
  const invalid = (message: string) => new StatusError('INVALID_ARGUMENT', message)
  const http = task?.httpRequest
  if (!task || !http) throw invalid('The task has no HTTP request.')
  if (!http.oidcToken) throw invalid('The request has no token: functions would refuse it.')
  if (!task.name.startsWith(`${parent}/tasks/`) || !taskId.test(task.name.slice(parent.length + '/tasks/'.length))) {
    throw invalid('Task name must be formatted: "projects/…/tasks/<TASK_ID>"')
  }
  if (http.httpMethod !== 'POST') throw invalid('Only POST is dispatched here.')
  if (http.body.byteLength + 1_000 > maximumTaskBytes) throw invalid('Task size too large')
  const scheduleTime = task.scheduleTime ? dateOf(task.scheduleTime) : new Date()
  if (scheduleTime.getTime() > Date.now() + maximumDelayMilliseconds) {
    throw invalid('The Task.scheduleTime must be less than 30 days in the future.')
  }
  const dispatchDeadlineSeconds = task.dispatchDeadline ? Number(task.dispatchDeadline.seconds) : 600
  if (dispatchDeadlineSeconds < 15 || dispatchDeadlineSeconds > 1800) {
    throw invalid('The Task.dispatchDeadline must be between [15s, 30m].')
  }
  return {
    name: task.name,
    url: http.url,
    body: http.body,
    headers: http.headers,
    audience: http.oidcToken.audience,
    serviceAccountEmail: http.oidcToken.serviceAccountEmail,
    scheduleTime,
    dispatchDeadlineSeconds,
  }
}

function dateOf({ seconds, nanos }: Timestamp): Date {
  return new Date(Number(seconds) * 1000 + Math.ceil(nanos / 1e6))
}
