import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { startCloudStorage } from './cloud-storage.ts'
import { crc32cOf } from './cloud-storage-objects.ts'
import { canonicalRequestOf, stringToSignOf } from './cloud-storage-signature.ts'

/** From googleapis/conformance-tests, storage/v1/v4_signatures.json: what was signed, and the hash that goes into it. */
const vectors = [
  {
    name: 'a PUT',
    method: 'PUT',
    query: {},
    headers: {},
    hash: '78742860705da91404222d5d66ff89850292471199c3c2808d116ad12e6177b4',
  },
  {
    name: 'a header with a meaning',
    method: 'POST',
    query: {},
    headers: { 'x-goog-resumable': 'start' },
    hash: '877f8b40179d2753296f2fd6de815ab40503c7a3c446a7b44aa4e74422ff4daf',
  },
  {
    name: 'headers with white space',
    method: 'GET',
    query: {},
    headers: { collapsed: 'abc    def', leading: '    xyz', tabs: '\tabc\t\t\t\tdef\t', trailing: 'abc    ' },
    hash: '19153e83555808dbfeb8969043cc8ce8d5db0cce91dc11fb9df58b8130f09d42',
  },
  {
    name: 'a query that has to be encoded',
    method: 'GET',
    query: { 'aA0é/=%-_.~': '~ ._-%=/é0Aa' },
    headers: {},
    hash: '448f96c23dafa8210900554e138b2b5fd55bc53ef53b8637cecc3edec45a8fcf',
  },
  {
    name: 'a query that has to be sorted',
    method: 'GET',
    query: { prefix: '/foo', 'X-Goog-Meta-Foo': 'bar' },
    headers: {},
    hash: '4dafe74ad142f32b7c25fc4e6b38fd3b8a6339d7f112247573fb0066f637db6c',
  },
]

describe('the fake of Cloud Storage', () => {
  for (const { name, method, query, headers, hash } of vectors) {
    it(`sees in ${name} the text that Google has signed`, () => {
      const all = { host: 'storage.googleapis.com', ...headers }
      const parts = {
        method,
        path: '/test-bucket/test-object',
        headers: all,
        query: new URLSearchParams({
          ...query,
          'X-Goog-Algorithm': 'GOOG4-RSA-SHA256',
          'X-Goog-Credential':
            'test-iam-credentials@dummy-project-id.iam.gserviceaccount.com/20190201/auto/storage/goog4_request',
          'X-Goog-Date': '20190201T090000Z',
          'X-Goog-Expires': '10',
          'X-Goog-SignedHeaders': Object.keys(all).sort().join(';'),
        }),
      }
      expect(createHash('sha256').update(canonicalRequestOf(parts)).digest('hex')).toBe(hash)
      expect(stringToSignOf(parts)).toBe(
        `GOOG4-RSA-SHA256\n20190201T090000Z\n20190201/auto/storage/goog4_request\n${hash}`,
      )
    })
  }

  it('computes CRC32C as the standards do', () => {
    // RFC 3720 section B.4, and the check value of the catalogues.
    expect(Buffer.from(crc32cOf(Buffer.from('123456789')), 'base64').toString('hex')).toBe('e3069283')
    expect(Buffer.from(crc32cOf(Buffer.alloc(32)), 'base64').toString('hex')).toBe('8a9136aa')
    expect(crc32cOf(Buffer.alloc(0))).toBe('AAAAAA==')
  })

  it('answers 308 to parts of an unknown whole, keeps multiples of 256 KiB, and finishes at the total', async () => {
    const cloud = await startCloudStorage({ buckets: ['b'] })
    const begun = await fetch(`${cloud.url}/upload/storage/v1/b/b/o?uploadType=resumable&name=k`, { method: 'POST' })
    const session = begun.headers.get('location')!
    const put = async (range: string, size: number) => {
      const response = await fetch(session, {
        method: 'PUT',
        redirect: 'manual',
        headers: { 'content-range': range },
        body: new Uint8Array(size),
      })
      await response.text()
      return [response.status, response.headers.get('range')]
    }
    expect(await put('bytes */*', 0)).toEqual([308, null])
    expect(await put('bytes 0-99/*', 100)).toEqual([400, null])
    expect(await put('bytes 0-262143/*', 262_144)).toEqual([308, 'bytes=0-262143'])
    expect(await put('bytes 262145-262146/262147', 2)).toEqual([400, null])
    expect(await put('bytes 262144-262144/262145', 1)).toEqual([200, null])
    expect(await put('bytes */262145', 0)).toEqual([200, null])
    expect(cloud.buckets.find('b', 'k')?.bytes.length).toBe(262_145)
    await cloud.close()
  })

  it('honours preconditions of the JSON API', async () => {
    const cloud = await startCloudStorage({ buckets: ['b'] })
    const { generation } = cloud.buckets.put('b', 'k', {
      bytes: Buffer.from('x'),
      contentType: 'text/plain',
      contentEncoding: null,
    })
    const remove = async (match: string) =>
      (await fetch(`${cloud.url}/storage/v1/b/b/o/k?ifGenerationMatch=${match}`, { method: 'DELETE' })).status
    expect(await remove('1')).toBe(412)
    const begun = await fetch(`${cloud.url}/upload/storage/v1/b/b/o?uploadType=resumable&name=k&ifGenerationMatch=0`, {
      method: 'POST',
    })
    const headers = { 'content-range': 'bytes 0-0/1' }
    const put = await fetch(begun.headers.get('location')!, { method: 'PUT', headers, body: new Uint8Array(1) })
    expect(put.status).toBe(412)
    expect(await remove(generation)).toBe(204)
    expect(await remove(generation)).toBe(404)
    await cloud.close()
  })
})
