import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Config } from '#shared/config.ts'
import { openEmbeddedServices } from '#shared/embedded/services.ts'
import type { Bus } from '#shared/platform/bus/index.ts'
import type { Queue } from '#shared/platform/queue/index.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import { createDispatcher } from '#shared/runtime/function-handler.ts'
import { silentLogger } from '#shared/runtime/log.ts'
import type { Services } from '#shared/runtime/services.ts'
import { type Step, steppedServices } from './stepped-services.ts'

/** One function in a process of its own, which stops for ever at the step that the header `x-stop-at` of a delivery names. */
export interface Birth {
  config: Config
  functionName: string
}

export type FromMortal =
  | { kind: 'listening'; port: number }
  | { kind: 'stopped'; delivery: string; at: string }
  | { kind: 'ended'; delivery: string; steps: string[] }
  | { kind: 'publish'; id: number; messages: Parameters<Bus['publish']>[0] }
  | { kind: 'enqueue'; id: number; tasks: Parameters<Queue['enqueue']>[0] }

const tell = (message: FromMortal) => process.send?.(message)

/** What it sends is durable when the parent has it. */
const sent = new Map<number, () => void>()
const toParent = (message: (id: number) => FromMortal): Promise<void> =>
  new Promise((resolve) => {
    const id = sent.size
    sent.set(id, resolve)
    tell(message(id))
  })
const rest = { check: async () => {}, close: async () => {} }
const bus: Bus = { ...rest, publish: (messages) => toParent((id) => ({ kind: 'publish', id, messages })) }
const queue: Queue = { ...rest, enqueue: (tasks) => toParent((id) => ({ kind: 'enqueue', id, tasks })) }

process.on('message', (message: Birth | { sent: number }) => {
  if ('sent' in message) sent.get(message.sent)?.()
  else void live(message)
})
process.on('disconnect', () => process.exit())

async function live({ config, functionName }: Birth): Promise<void> {
  const services = { ...openEmbeddedServices(config, silentLogger, null), bus, queue }
  const found = (await discoverFunctions()).find(({ name }) => name === functionName)
  if (!found) throw new Error(`there is no function ${functionName}`)
  const server = createServer(async (request, response) => {
    const delivery = String(request.headers['x-delivery'])
    const steps: string[] = []
    const step = stopAt(Number(request.headers['x-stop-at']), delivery, steps)
    const stepped: Services = steppedServices(services, step)
    await createDispatcher(stepped)(found.name, found.declaration)(request, response)
    tell({ kind: 'ended', delivery, steps })
  })
  server.listen(0, '127.0.0.1', () => tell({ kind: 'listening', port: (server.address() as AddressInfo).port }))
}

function stopAt(last: number, delivery: string, steps: string[]): Step {
  return async (name) => {
    steps.push(name)
    if (steps.length < last) return
    if (steps.length === last) tell({ kind: 'stopped', delivery, at: name })
    await new Promise(() => {})
  }
}
