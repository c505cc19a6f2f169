import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { Poster } from './http-post.ts'

describe('posting', () => {
  test('a kept-alive connection that the server closes is nobody’s failure', async () => {
    const used = new WeakSet<Socket>()
    let answered = 0
    const server = createServer(({ socket }, response) => {
      // As if it had closed the idle connection just before this request arrived.
      if (used.has(socket)) return socket.resetAndDestroy()
      used.add(socket)
      answered++
      response.end()
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const poster = new Poster()
    const request = { url, headers: {}, body: '{}', deadlineMilliseconds: 1000, signal: new AbortController().signal }
    for (let round = 0; round < 10; round++) {
      expect(await poster.post(request)).toEqual({ kind: 'answered', status: 200 })
    }
    expect(answered).toBe(10)
    poster.close()
    server.close()
  })

  test('102 Processing is an answer', async () => {
    const server = createServer((_, response) => response.writeProcessing())
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const poster = new Poster()
    const signal = new AbortController().signal
    const outcome = await poster.post({ url, headers: {}, body: '{}', deadlineMilliseconds: 1000, signal })
    expect(outcome).toEqual({ kind: 'answered', status: 102 })
    poster.close()
    server.closeAllConnections()
    server.close()
  })

  test('a refused connection says why', async () => {
    const poster = new Poster()
    const url = new URL('http://127.0.0.1:1/')
    const signal = new AbortController().signal
    const outcome = await poster.post({ url, headers: {}, body: '{}', deadlineMilliseconds: 1000, signal })
    expect(outcome).toEqual({ kind: 'unreachable', reason: 'ECONNREFUSED' })
    poster.close()
  })
})
