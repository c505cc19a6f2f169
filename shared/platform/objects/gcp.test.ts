import { execFile } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FakeCloudStorage } from '../../../tests/fakes/cloud-storage.ts'
import { openTestStore, startTestStorage, uploadOrigin } from '../../../tests/fakes/cloud-storage-testing.ts'
import { describeObjectStore } from './contract.ts'
import { createCloudStorageObjects } from './gcp.ts'
import type { ObjectStore } from './index.ts'

const origins = { allowed: uploadOrigin, other: 'https://evil.example' }
const upload = { method: 'PUT', expiresInSeconds: 3600, contentType: 'text/plain', maximumBytes: 1000 } as const

let cloud: FakeCloudStorage
let store: ObjectStore

beforeAll(async () => {
  cloud = await startTestStorage()
  store = openTestStore(cloud.url)
})
afterAll(() => cloud.close())

describeObjectStore('the Google driver', () => ({ store, origins }))

describe('the Google object store', () => {
  it('keeps objects in the buckets of its environment', async () => {
    await store.write('exports', 'a/b.csv', 'x', 'text/csv')
    expect(cloud.buckets.find('raptorflow-test-exports', 'a/b.csv')).toMatchObject({ contentType: 'text/csv' })
    for (const environment of ['', 'Test', 'a/b', '../x', 'x'.repeat(31)]) {
      expect(() => createCloudStorageObjects({ projectId: 'p', environment })).toThrow('environment')
    }
  })

  it('says that a bucket is missing instead of that an object is', async () => {
    const other = createCloudStorageObjects({
      projectId: 'test-project',
      environment: 'other',
      client: { apiEndpoint: cloud.url },
    })
    const missing = { name: 'PlatformError', code: 'NOT_FOUND' }
    await expect(other.read('uploads', 'a')).rejects.toMatchObject(missing)
    await expect(other.write('uploads', 'a', 'x', 'text/plain')).rejects.toMatchObject(missing)
    await expect(other.removeSome('uploads', 'a/', 1)).rejects.toMatchObject(missing)
  })

  it('removes thousands by pages, also when a page has nothing in it', async () => {
    for (let at = 0; at < 1500; at++) {
      const object = { bytes: Buffer.from('x'), contentType: 'text/plain', contentEncoding: null }
      cloud.buckets.put('raptorflow-test-artifacts', `many/${at}`, object)
    }
    cloud.emptyPages = 2
    expect(await store.removeSome('artifacts', 'many/', 1400)).toBe(1400)
    expect(await store.removeSome('artifacts', 'many/', 1400)).toBe(100)
    expect(await store.removeSome('artifacts', 'many/', 1400)).toBe(0)
  })

  it('reads an upload that called itself gzip as it is stored, not unpacked', async () => {
    const packed = gzipSync(Buffer.alloc(1_000_000))
    const signed = await store.sign('uploads', 'packed', { ...upload, maximumBytes: packed.length })
    const headers = { ...signed.headers, 'content-encoding': 'gzip' }
    expect((await fetch(signed.url, { method: 'PUT', body: packed, headers })).status).toBe(200)
    const stored = (await store.read('uploads', 'packed'))!
    expect(stored.sizeBytes).toBe(packed.length)
    expect((await buffer(stored.body)).equals(packed)).toBe(true)
  })

  it('does not load the client before its first use', async () => {
    const script = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ resolve: (specifier, context, next) => (loaded.push(specifier), next(specifier, context)) })
      const { createCloudStorageObjects } = await import(${JSON.stringify(new URL('./gcp.ts', import.meta.url).href)})
      const store = createCloudStorageObjects({ projectId: 'p', environment: 'test' })
      await store.read('uploads', '..').catch(() => {})
      console.log(JSON.stringify(loaded))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
    const loaded = JSON.parse(stdout) as string[]
    expect(loaded).toContain('./gcp-upload.ts')
    expect(loaded.filter((name) => !/^(node:|file:|\.\.?\/)/.test(name))).toEqual([])
  })
})

describe('a URL signed for Google', () => {
  it('binds an upload to its type, its size and to creating, by headers that have to be sent along', async () => {
    const signed = await store.sign('uploads', 'bound', upload)
    expect(signed.headers).toEqual({
      'content-type': 'text/plain',
      'x-goog-if-generation-match': '0',
      'x-goog-content-length-range': '0,1000',
    })
    const { searchParams } = new URL(signed.url)
    expect(searchParams.get('X-Goog-Expires')).toBe('3600')
    expect(searchParams.get('X-Goog-SignedHeaders')).toBe(
      'content-type;host;x-goog-content-length-range;x-goog-if-generation-match',
    )
    for (const name of Object.keys(signed.headers)) {
      const { [name]: _left, ...without } = signed.headers
      expect((await fetch(signed.url, { method: 'PUT', body: Buffer.from('x'), headers: without })).status, name).toBe(
        400,
      )
    }
    for (const [name, value] of [
      ['x-goog-if-generation-match', '1'],
      ['x-goog-content-length-range', '0,1001'],
      ['x-goog-acl', 'public-read'],
    ] as const) {
      const headers = { ...signed.headers, [name]: value }
      const { status } = await fetch(signed.url, { method: 'PUT', body: 'x', headers })
      expect([400, 403], name).toContain(status)
    }
    expect(await store.read('uploads', 'bound')).toBeNull()
  })

  it('is open to pages with all the headers that it demands', async () => {
    const { url, headers } = await store.sign('uploads', 'preflight', upload)
    const response = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin: uploadOrigin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': Object.keys(headers).join(','),
      },
    })
    expect(response.headers.get('access-control-allow-origin')).toBe(uploadOrigin)
  })

  it('downloads under the last part of the key when no name was given', async () => {
    await store.write('exports', 'org/report.html', '<script>', 'text/html')
    const { url } = await store.sign('exports', 'org/report.html', { method: 'GET', expiresInSeconds: 60 })
    const { headers } = await fetch(url)
    expect(headers.get('content-disposition')).toBe(
      'attachment; filename="report.html"; filename*=UTF-8\'\'report.html',
    )
  })
})
