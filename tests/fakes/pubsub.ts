import { readFileSync } from 'node:fs'
import {
  type GrpcObject,
  type handleUnaryCall,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
} from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { answerWithFaults, type Fault, StatusError } from './grpc-fault.ts'

export interface PubSubFake {
  /** `host:port`, as of an emulator. */
  host: string
  /** What goes wrong with the next calls of Publish, one each; null: nothing. */
  faults: (Fault | null)[]
  /** Every Publish that arrived, also those that were refused, with the connection that it came over. */
  requests: (Publish & { peer: string })[]
  /** What was taken, in this order. */
  taken: PublishedMessage[]
  stop(): Promise<void>
}

export interface PublishedMessage {
  data: Buffer
  attributes: Record<string, string>
  orderingKey: string
}

interface Publish {
  topic: string
  messages: PublishedMessage[]
}

const protos = new URL('../protos/protos.json', import.meta.resolve('@google-cloud/pubsub'))
const maximumRequestBytes = 10_000_000

/**
 * Starts a server that speaks the publishing side of Pub/Sub v1 (Publish and GetTopic over gRPC, from the protos inside
 * Google's package) with the service's documented limits. Delivering is not its part: the emulator does that.
 *
 * @param topics - full names.
 * @param deliver - gets what was taken before the publisher is told so; without it nothing is delivered.
 */
export async function startPubSubFake(
  topics: readonly string[],
  deliver: (topic: string, messages: readonly PublishedMessage[]) => Promise<void> = async () => {},
): Promise<PubSubFake> {
  const faults: (Fault | null)[] = []
  const requests: PubSubFake['requests'] = []
  const taken: PublishedMessage[] = []
  const { service, requestSize } = definitions()

  const publish: handleUnaryCall<Publish, object> = (call, callback) => {
    const { request } = call
    requests.push({ ...request, peer: call.getPeer() })
    const work = async () => {
      if (!topics.includes(request.topic)) throw new StatusError('NOT_FOUND', 'Topic not found')
      assertWithinLimits(request, requestSize(request))
      taken.push(...request.messages)
      await deliver(request.topic, request.messages)
      return { messageIds: request.messages.map((_, index) => String(taken.length + index)) }
    }
    void answerWithFaults(faults, work, callback)
  }
  const getTopic: handleUnaryCall<{ topic: string }, object> = ({ request: { topic } }, callback) => {
    const work = () => {
      if (!topics.includes(topic)) throw new StatusError('NOT_FOUND', 'Topic not found')
      return { name: topic }
    }
    void answerWithFaults(faults, work, callback)
  }

  const server = new Server({ 'grpc.max_receive_message_length': -1 })
  server.addService(service, { publish, getTopic })
  const port = await new Promise<number>((done, failed) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? failed(error) : done(bound),
    )
  })
  return { host: `127.0.0.1:${port}`, faults, requests, taken, stop: async () => server.forceShutdown() }
}

function definitions() {
  const definition = fromJSON(JSON.parse(readFileSync(protos, 'utf8')), { longs: String, defaults: true })
  const v1 = ((loadPackageDefinition(definition).google as GrpcObject).pubsub as GrpcObject).v1 as GrpcObject
  const { service } = v1.Publisher as ServiceClientConstructor
  const requestSize = (request: Publish) => service.Publish!.requestSerialize(request).byteLength
  return { service, requestSize }
}

/** Pub/Sub documentation, "Quotas and limits", and PublishRequest of its proto. */
function assertWithinLimits({ messages }: Publish, bytes: number): void {
  const refuse = (details: string) => {
    throw new StatusError('INVALID_ARGUMENT', details)
  }
  if (messages.length === 0 || messages.length > 1000) refuse('The value for message_count is out of range.')
  if (bytes > maximumRequestBytes) refuse('The request is too large.')
  const [first] = messages
  if (messages.some(({ orderingKey }) => orderingKey !== first?.orderingKey)) refuse('All ordering keys must be equal.')
  for (const { attributes, orderingKey } of messages) {
    if (Buffer.byteLength(orderingKey) > 1024) refuse('The ordering key is too long.')
    for (const [key, value] of Object.entries(attributes)) {
      const isGood = key !== '' && !key.startsWith('goog') && Buffer.byteLength(key) <= 256
      if (!isGood || Buffer.byteLength(value) > 1024) refuse(`The attribute ${key} is not valid.`)
    }
  }
}
