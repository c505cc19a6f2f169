import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { isPublicAddress } from './addresses.ts'
import { createWebReader } from './read-web.ts'

const never = new AbortController().signal
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(listener: RequestListener): Promise<{ url: string; port: number; requests: string[] }> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.headers.host}${request.url}`)
    listener(request, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, requests }
}

const local = (port: number, more = {}) =>
  createWebReader({ permits: (address) => address === '127.0.0.1', ports: [port], ...more })

describe('what is read', () => {
  test('is text, also compressed, in its charset, with where it was found', async () => {
    const site = await serve((request, response) => {
      const types: Record<string, string> = { '/latin': 'text/plain; charset=iso-8859-1', '/plain': 'text/html' }
      const encodings: Record<string, string> = { '/gzip': 'gzip', '/br': 'br' }
      const body = { '/gzip': gzipSync('packed'), '/br': brotliCompressSync('packed'), '/latin': Buffer.from([0xe9]) }
      const path = request.url as keyof typeof body
      response.setHeader('content-type', types[path] ?? 'text/plain')
      if (encodings[path]) response.setHeader('content-encoding', encodings[path])
      if (request.url === '/moved') response.writeHead(302, { location: '/plain' })
      response.end(body[path] ?? 'hello')
    })
    const read = local(site.port)
    expect(await read(`${site.url}/plain#part`, never)).toEqual({
      url: `${site.url}/plain`,
      contentType: 'text/html',
      text: 'hello',
    })
    expect((await read(`${site.url}/gzip`, never)).text).toBe('packed')
    expect((await read(`${site.url}/br`, never)).text).toBe('packed')
    expect((await read(`${site.url}/latin`, never)).text).toBe('é')
    expect((await read(`${site.url}/moved`, never)).url).toBe(`${site.url}/plain`)
  })

  test.each([
    ['a file', { 'content-type': 'application/pdf' }, 'x', /only text/],
    ['nothing that says what it is', {}, 'x', /only text/],
    ['a text that is too large', { 'content-type': 'text/plain' }, 'x'.repeat(2000), /more than 1000 bytes/],
    [
      'a text that is too large once it is unpacked',
      { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
      gzipSync('x'.repeat(100_000)),
      /more than 1000 bytes/,
    ],
  ])('is not %s', async (_, headers, body, message) => {
    const site = await serve((_, response) => response.writeHead(200, headers).end(body))
    await expect(local(site.port, { maximumBytes: 1000 })(site.url, never)).rejects.toThrow(message)
  })

  test('is not what breaks off, fails, never comes, or redirects for ever', async () => {
    const site = await serve((request, response) => {
      if (request.url === '/error') response.writeHead(500).end()
      else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end()
      else if (request.url === '/half') {
        response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' }).write('half')
        setImmediate(() => response.destroy())
      } else if (request.url === '/endless') {
        response.useChunkedEncodingByDefault = false
        response.writeHead(200, { 'content-type': 'text/plain' }).write('half')
      } else if (request.url === '/upgrade') {
        request.socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n')
      }
    })
    const read = local(site.port, { timeoutMilliseconds: 300 })
    await expect(read(`${site.url}/error`, never)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(read(`${site.url}/half`, never)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(read(`${site.url}/loop`, never)).rejects.toThrow(/again and again/)
    await expect(read(`${site.url}/silence`, never)).rejects.toThrow(/took too long/)
    await expect(read(`${site.url}/endless`, never)).rejects.toThrow(/took too long/)
    await expect(read(`${site.url}/upgrade`, never)).rejects.toThrow(/answered 101/)
  })
})

describe('a private network is not reached', () => {
  test.each([
    'http://127.0.0.1/',
    'http://169.254.169.254/computeMetadata/v1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[fd00::1]/',
    'http://10.1.2.3/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://127.1/',
    'http://localhost/',
    'http://[64:ff9b::7f00:1]/',
  ])('by %s', async (url) => {
    await expect(createWebReader()(url, never)).rejects.toThrow(/none of the public internet/)
  })

  test.each([
    'ftp://example.org/',
    'file:///etc/passwd',
    'http://user:word@example.org/',
    'http://example.org:22/',
    'no',
  ])('nor anything by %s', async (url) => {
    await expect(createWebReader()(url, never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('nor by a redirect from outside', async () => {
    const inner = await serve((_, response) => response.end('secret'))
    const outer = await serve((_, response) =>
      response.writeHead(302, { location: `http://127.0.0.2:${inner.port}/` }).end(),
    )
    const read = createWebReader({ permits: (address) => address === '127.0.0.1', ports: [inner.port, outer.port] })
    await expect(read(outer.url, never)).rejects.toThrow(/none of the public internet/)
    expect(inner.requests).toEqual([])
  })

  test('nor by a name that leads there', async () => {
    const site = await serve((_, response) => response.end('secret'))
    const read = createWebReader({ ports: [site.port] })
    await expect(read(`http://localhost:${site.port}/`, never)).rejects.toThrow(/none of the public internet/)
    expect(site.requests).toEqual([])
  })
})

test('addresses of the public internet are told from the others', () => {
  for (const address of ['8.8.8.8', '1.1.1.1', '2606:4700::1111', '100.63.255.255', '172.32.0.1']) {
    expect([address, isPublicAddress(address)]).toEqual([address, true])
  }
  for (const address of [
    '100.64.0.1',
    '198.19.0.1',
    '255.255.255.255',
    '224.0.0.1',
    '::',
    'fe80::1',
    '2002:7f00:1::',
    'x',
  ]) {
    expect([address, isPublicAddress(address)]).toEqual([address, false])
  }
})
