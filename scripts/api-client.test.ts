import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { ApiClient, ApiError } from './api-client.ts'

let server: Server | undefined
afterEach(() => new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined))))

type Answer = { status: number; body: string } | 'cut off'

/** A server that gives these answers, one for each request, and notes what it was asked. */
async function serve(answers: Answer[]): Promise<{ client: ApiClient; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = []
  server = createServer((request, response) => {
    asked.push(request.headers['last-event-id'] as string | undefined)
    const answer = answers.shift() ?? { status: 500, body: '{}' }
    if (answer === 'cut off') return void response.destroy()
    response.writeHead(answer.status, { connection: 'close' }).end(answer.body)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return { client: new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), asked }
}

const event = (id: number, status: string) => `id: ${id}\nevent: ${status}\ndata: {"status":"${status}"}\n\n`
const stream = (...events: string[]) => ({ status: 200, body: `retry: 1000\n\n: still here\n\n${events.join('')}` })

async function follow(client: ApiClient): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of client.events('/v1/jobs/1/events')) ids.push(id)
  return ids
}

test('a stream that ends before its job is taken up again with the id of the last event', async () => {
  const { client, asked } = await serve([
    stream(event(1, 'queued'), event(2, 'running')),
    stream(),
    stream(event(3, 'running'), event(4, 'succeeded')),
  ])
  expect(await follow(client)).toEqual(['1', '2', '3', '4'])
  expect(asked).toEqual([undefined, '2', '2'])
})

test('a lost connection is taken up again, and 204 ends the watching', { timeout: 30_000 }, async () => {
  const { client, asked } = await serve([stream(event(1, 'queued')), 'cut off', { status: 204, body: '' }])
  expect(await follow(client)).toEqual(['1'])
  expect(asked).toEqual([undefined, '1', '1'])
})

test('a refusal is told, and not asked for again', async () => {
  const refusal = { status: 404, body: '{"error":{"code":"NOT_FOUND","message":"No such job"}}' }
  const { client, asked } = await serve([refusal, stream(event(1, 'succeeded'))])
  await expect(follow(client)).rejects.toEqual(new ApiError('NOT_FOUND', 'No such job'))
  expect(asked).toHaveLength(1)
})
