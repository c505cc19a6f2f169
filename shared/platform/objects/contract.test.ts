import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeObjectStore } from './contract.ts'
import { createLocalObjects, type LocalObjects } from './local.ts'

const origins = { allowed: 'https://console.example', other: 'https://evil.example' }
const secret = 'a secret of enough characters for the tests'

let folder: string
let server: Server
let url: string
let store: LocalObjects
const errors: unknown[] = []
const open = (options: Partial<Parameters<typeof createLocalObjects>[0]> = {}) =>
  createLocalObjects({
    folder,
    secret,
    publicUrl: url,
    origins: [origins.allowed],
    onError: (error) => errors.push(error),
    ...options,
  })

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'objects-')), 'made/on/first/use')
  server = createServer((request, response) => void store.handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  store = open()
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(join(folder, '../../../..'), { recursive: true })
})

describeObjectStore('the embedded driver', () => ({ store, origins }))

const files = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
const partials = async () => (await readdir(join(folder, 'partial'))).length
const hour = { expiresInSeconds: 3600 }

describe('the embedded object store', () => {
  it('leaves nothing half-written behind, and nothing that others could read', async () => {
    await store.write('uploads', 'a', 'x', 'text/plain')
    await expect.poll(partials).toBe(0)
    for (const { parentPath, name } of await files()) {
      expect((await stat(join(parentPath, name))).mode & 0o077).toBe(0)
    }
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
  })

  it('forbids browsers to run, guess or pass on what it serves', async () => {
    await store.write('uploads', 'page.html', '<script>alert(1)</script>', 'text/html')
    const signed = await store.sign('uploads', 'page.html', { method: 'GET', ...hour })
    const { headers } = await fetch(signed.url)
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'private, no-store',
      'content-disposition': 'attachment; filename="page.html"; filename*=UTF-8\'\'page.html',
    })
  })

  it('finds objects and honours URLs after a restart, and no URL after a change of the secret', async () => {
    await store.write('uploads', 'lasting', 'x', 'text/plain')
    const signed = await store.sign('uploads', 'lasting', { method: 'GET', ...hour })
    store = open()
    expect((await fetch(signed.url)).status).toBe(200)
    store = open({ secret: 'another secret of enough characters' })
    expect((await fetch(signed.url)).status).toBe(403)
    store = open()
  })

  it('refuses odd URLs with nothing of the machine in the answer', async () => {
    const { url: good } = await store.sign('uploads', 'lasting', { method: 'GET', ...hour })
    const [, query] = good.split('?')
    const paths = [
      '/objects/',
      '/objects/uploads',
      '/objects/uploads/',
      `/objects/uploads/../lasting?${query}`,
      `/objects/uploads/%2e%2e/lasting?${query}`,
      `/objects/uploads/%6casting?${query}`,
      `/objects//uploads/lasting?${query}`,
      `/objects/UPLOADS/lasting?${query}`,
      `/objects/uploads/lasting?${query}&method=GET`,
      `/objects/uploads/lasting?${query}?`,
      `/objects/uploads/lasting?${query}&x=1`,
      '/objects/uploads/lasting',
    ]
    for (const path of paths) {
      const answer = await rawRequest(`GET ${path} HTTP/1.1`)
      expect(answer, path).toMatch(/^HTTP\/1\.1 403 /)
      expect(answer).not.toMatch(/objects-|\/tmp|node:|at /)
    }
    expect(await rawRequest('HEAD /objects/uploads/lasting HTTP/1.1')).toMatch(/^HTTP\/1\.1 405 /)
  })

  it('tells the operator of a damaged object, and the client only that something is wrong', async () => {
    await store.write('uploads', 'damaged', 'x', 'text/plain')
    const found = await Promise.all(
      (await files()).map(async ({ parentPath, name }) => ({
        path: join(parentPath, name),
        content: await readFile(join(parentPath, name), 'latin1'),
      })),
    )
    const { path, content } = found.find((file) => file.content.includes('"damaged"'))!
    for (const damaged of [
      '',
      'RFO1',
      content.slice(0, 20),
      `XXXX${content.slice(4)}`,
      content.replace('{', '['),
      'RFO1\xff\xff\xff\xff',
    ]) {
      await writeFile(path, damaged, 'latin1')
      await expect(store.read('uploads', 'damaged')).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    }
    errors.length = 0
    const signed = await store.sign('uploads', 'damaged', { method: 'GET', ...hour })
    const response = await fetch(signed.url)
    expect([response.status, await response.text()]).toEqual([503, 'The object store is unavailable\n'])
    expect(errors).toHaveLength(1)
    await store.write('uploads', 'damaged', 'repaired', 'text/plain')
    expect((await buffer((await store.read('uploads', 'damaged'))!.body)).toString()).toBe('repaired')
  })

  it('removes what a killed process left half-written an hour ago, and nothing younger', async () => {
    const [old, young] = ['old', 'young'].map((name) => join(folder, 'partial', name)) as [string, string]
    for (const path of [old, young]) await writeFile(path, 'half')
    await utimes(old, new Date(), new Date(Date.now() - 2 * 3600 * 1000))
    await open().write('uploads', 'a', 'x', 'text/plain')
    await expect.poll(() => readdir(join(folder, 'partial'))).toEqual(['young'])
    await rm(young)
  })

  it('refuses to work without a folder or with a short secret', () => {
    expect(() => open({ secret: '' })).toThrow('secret')
    expect(() => open({ secret: 'x'.repeat(31) })).toThrow('secret')
    expect(() => open({ folder: '' })).toThrow('folder')
  })

  it('says UNAVAILABLE when its folder is no folder', async () => {
    const path = join(folder, 'a-file')
    await writeFile(path, '')
    await expect(open({ folder: path }).write('uploads', 'a', 'x', 'text/plain')).rejects.toMatchObject({
      name: 'PlatformError',
      code: 'UNAVAILABLE',
    })
  })

  it('has each object whole or not at all after kill -9 in the middle of writing', async () => {
    const script = `
      import { createLocalObjects } from ${JSON.stringify(new URL('./local.ts', import.meta.url).href)}
      const store = createLocalObjects({ folder: process.argv[1], secret: 'x'.repeat(32), publicUrl: '', origins: [] })
      for (let number = 0; ; number++) {
        const body = Buffer.alloc(200_000 + number % 7, number % 256)
        await store.write('uploads', 'key-' + (number % 40), body, 'application/x-' + (number % 256) + '-' + body.length)
        if (number === 40) console.log('going')
      }`
    const own = join(folder, 'killed')
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, own], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await new Promise((resolve) => child.stdout.once('data', resolve))
      await sleep(20 + round * 17)
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('exit', resolve))
      const after = open({ folder: own })
      for (let number = 0; number < 40; number++) {
        const stored = (await after.read('uploads', `key-${number}`))!
        const content = await buffer(stored.body)
        expect(content.equals(Buffer.alloc(content.length, content[0]!))).toBe(true)
        expect(stored.contentType).toBe(`application/x-${content[0]}-${content.length}`)
        expect(stored.sizeBytes).toBe(content.length)
      }
    }
  })
})

/** Sends a request line as it is; `fetch` would tidy the path. */
function rawRequest(line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
    socket.end(`${line}\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
  })
}
