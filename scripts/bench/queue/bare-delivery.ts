import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Envelope } from '#shared/domain/messaging.ts'
import type { Product } from '#shared/embedded/product.ts'
import { startEmbeddedCloud } from '#shared/platform/push/embedded.ts'
import type { PushPlan } from '#shared/platform/push/index.ts'
import type { QueueTask } from '#shared/platform/queue/index.ts'
import { serviceScope } from '#shared/runtime/contexts.ts'
import type { Logger } from '#shared/runtime/log.ts'
import { writeEffect } from './messages.ts'

export interface BareDelivery {
  enqueue(tasks: QueueTask[]): Promise<void>
  stop(): Promise<void>
}

/**
 * The same embedded cloud pushing to a server that does the least: it checks the same token, parses the body and writes
 * the same effect in a transaction of the same database. A crash between its sender's commit and the queue loses the
 * task, a task delivered twice has its effect twice, and nothing is kept of one that fails.
 */
export async function startBareDelivery(options: {
  product: Product
  databaseUrl: string
  plan: PushPlan
  log: Logger
  onHandled(number: number): void
}): Promise<BareDelivery> {
  const { product, log } = options
  const { services } = product

  async function handle(request: IncomingMessage): Promise<void> {
    const token = (request.headers.authorization ?? '').slice('Bearer '.length)
    await services.verifyPushToken(token, `${url}${request.url}`)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { org_id: orgId, payload } = JSON.parse(Buffer.concat(chunks).toString()) as Envelope
    const effect = payload as Parameters<typeof writeEffect>[2]
    await services.database.transaction(serviceScope(orgId, null), (sql) => {
      options.onHandled(effect.number)
      return writeEffect(sql, orgId, effect)
    })
  }

  const server = createServer((request, response) => {
    handle(request).then(
      () => response.writeHead(200).end(),
      (error: unknown) => {
        log.error('bare delivery failed', { error })
        response.writeHead(500).end()
      },
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const cloud = await startEmbeddedCloud({
    databaseUrl: options.databaseUrl,
    plan: options.plan,
    urlOf: (target) => `${url}/${target}`,
    signToken: product.signPush,
    log,
  })
  return {
    enqueue: (tasks) => cloud.queue.enqueue(tasks),
    async stop() {
      await cloud.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
