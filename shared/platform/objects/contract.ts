import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { buckets, type ObjectStore, type SignedUrl } from './index.ts'

export interface ObjectStoreUnderTest {
  store: ObjectStore
  /** An origin of pages that may use signed URLs, and one of pages that may not. */
  origins: { allowed: string; other: string }
}

/**
 * What every driver of `ObjectStore` guarantees, its signed URLs used over HTTP.
 *
 * @param subject - called in each test, after the suite's own set-up.
 */
export function describeObjectStore(driver: string, subject: () => ObjectStoreUnderTest): void {
  const newKey = () => `test/${randomUUID()}/file.bin`
  const text = 'text/plain; charset=utf-8'
  const hour = { expiresInSeconds: 3600 }

  const use = (signed: SignedUrl, init: RequestInit = {}) =>
    fetch(signed.url, { method: signed.method, ...init, headers: { ...signed.headers, ...init.headers } })

  async function contentOf(key: string): Promise<Buffer | null> {
    const stored = await subject().store.read('uploads', key)
    return stored && buffer(stored.body)
  }

  const mebibytes = (count: number) => Array.from({ length: count }, (_, index) => Buffer.alloc(2 ** 20, index))

  describe(`${driver} as an object store`, () => {
    it('gives back what was written, with its size and type, however it was passed', async () => {
      const { store } = subject()
      const bytes = randomBytes(100_000)
      const bodies = [
        [bytes, bytes],
        ['naïve 🚀', Buffer.from('naïve 🚀')],
        [Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]), bytes],
        ['', Buffer.alloc(0)],
        [Readable.from([]), Buffer.alloc(0)],
      ] as const
      for (const [body, expected] of bodies) {
        const key = newKey()
        const written = await store.write('uploads', key, body, text)
        expect(written.sizeBytes).toBe(expected.length)
        const stored = await store.read('uploads', key)
        expect(stored).toMatchObject({ sizeBytes: expected.length, contentType: text, generation: written.generation })
        expect((await buffer(stored!.body)).equals(expected)).toBe(true)
      }
    })

    it('knows nothing of an object that was never written, was removed, or is in another bucket', async () => {
      const { store } = subject()
      const key = newKey()
      expect(await store.read('uploads', key)).toBeNull()
      await store.remove('uploads', key)
      for (const bucket of buckets) await store.write(bucket, key, bucket, text)
      await store.remove('uploads', key)
      expect(await store.read('uploads', key)).toBeNull()
      expect(await buffer((await store.read('exports', key))!.body)).toEqual(Buffer.from('exports'))
      expect(await buffer((await store.read('artifacts', key))!.body)).toEqual(Buffer.from('artifacts'))
    })

    it('replaces an object and gives it a new generation, even when the content is the same', async () => {
      const { store } = subject()
      const key = newKey()
      const generations = new Set<string>()
      for (const body of ['first', 'second', 'second']) {
        generations.add((await store.write('uploads', key, body, text)).generation)
        expect(await contentOf(key)).toEqual(Buffer.from(body))
      }
      expect(generations.size).toBe(3)
    })

    it('leaves the old object when the source of the new one fails half-way', async () => {
      const { store } = subject()
      const key = newKey()
      await store.write('uploads', key, 'old', text)
      const failing = Readable.from(
        (async function* () {
          yield Buffer.alloc(100_000)
          throw new Error('the source failed')
        })(),
      )
      await expect(store.write('uploads', key, failing, text)).rejects.toThrow('the source failed')
      expect(await contentOf(key)).toEqual(Buffer.from('old'))
    })

    it('shows a reader the whole of one version while it is replaced again and again', async () => {
      const { store } = subject()
      const key = newKey()
      const version = (number: number) => Buffer.alloc(300_000 + number, number)
      await store.write('uploads', key, version(0), text)
      let done = false
      const writing = (async () => {
        for (let number = 1; number <= 25; number++) await store.write('uploads', key, version(number), text)
        done = true
      })()
      let reads = 0
      while (!done || reads === 0) {
        const stored = (await store.read('uploads', key))!
        const content = await buffer(stored.body)
        expect(content.length).toBe(stored.sizeBytes)
        expect(content.equals(version(content[0]!))).toBe(true)
        reads++
      }
      await writing
    })

    it('tells keys apart that are close to each other', async () => {
      const { store } = subject()
      const base = randomUUID()
      const keys = ['', '/a', '/A', '/a/b', '/a.b', '/a/b/c', '/a-b', '/a_b', '.a', '/...', '/.a', '/a.'].map(
        (end) => base + end,
      )
      for (const key of keys) await store.write('uploads', key, key, text)
      for (const key of keys) expect((await contentOf(key))?.toString()).toBe(key)
    })

    it('removes what begins with a prefix, a part at a time, and nothing else', async () => {
      const { store } = subject()
      const [base, other] = [randomUUID(), randomUUID()]
      const inside = Array.from({ length: 7 }, (_, at) => `${base}/${'folder/'.repeat(at % 3)}${at}`)
      const outside = [base, `${base}0/1`, `${other}/1`, `x/${base}/1`]
      for (const key of [...inside, ...outside]) await store.write('uploads', key, key, text)
      await store.write('exports', inside[0]!, 'x', text)
      const removed: number[] = []
      do removed.push(await store.removeSome('uploads', `${base}/`, 3))
      while (removed.at(-1) !== 0)
      expect(removed).toEqual([3, 3, 1, 0])
      for (const key of inside) expect(await contentOf(key)).toBeNull()
      for (const key of outside) expect((await contentOf(key))?.toString()).toBe(key)
      expect(await store.read('exports', inside[0]!).then((stored) => stored && buffer(stored.body))).toHaveLength(1)
    })

    it('removes each object once when several remove at the same time', async () => {
      const { store } = subject()
      const base = randomUUID()
      for (let at = 0; at < 40; at++) await store.write('artifacts', `${base}/${at}`, 'x', text)
      await Promise.all([1, 2, 3, 4].map(() => store.removeSome('artifacts', `${base}/`, 40)))
      expect(await store.removeSome('artifacts', `${base}/`, 40)).toBe(0)
      for (let at = 0; at < 40; at++) expect(await store.read('artifacts', `${base}/${at}`)).toBeNull()
    })

    it('refuses to remove everything, or so many as make no sense', async () => {
      const { store } = subject()
      const invalid = { name: 'PlatformError', code: 'INVALID_ARGUMENT' }
      for (const prefix of ['', '/', '.', '..', '../', 'a//', '*', 'a b/']) {
        await expect(store.removeSome('uploads', prefix, 10), prefix).rejects.toMatchObject(invalid)
      }
      for (const limit of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await expect(store.removeSome('uploads', 'a/', limit), String(limit)).rejects.toMatchObject(invalid)
      }
      await expect(store.removeSome('../uploads' as never, 'a/', 1)).rejects.toMatchObject(invalid)
    })

    it('refuses keys that are no relative path of plain segments, whatever is done with them', async () => {
      const { store } = subject()
      const invalid = { name: 'PlatformError', code: 'INVALID_ARGUMENT' }
      const keys = [
        '',
        '/',
        '/a',
        'a/',
        'a//b',
        '.',
        '..',
        '../a',
        'a/../b',
        'a/..',
        './a',
        'a/./b',
        'a\\b',
        'a b',
        'a\n',
        'a\0',
        'ä',
        'a%2fb',
        '%2e%2e/a',
        'C:a',
        'a?b',
        'a#b',
        'x'.repeat(1025),
      ]
      for (const key of keys) {
        await expect(store.write('uploads', key, 'x', text)).rejects.toMatchObject(invalid)
        await expect(store.read('uploads', key)).rejects.toMatchObject(invalid)
        await expect(store.remove('uploads', key)).rejects.toMatchObject(invalid)
        await expect(store.sign('uploads', key, { method: 'GET', ...hour })).rejects.toMatchObject(invalid)
      }
      await expect(store.read('../uploads' as never, 'a')).rejects.toMatchObject(invalid)
      await store.write('uploads', 'x'.repeat(1024), 'x', text)
    })

    it('refuses to sign what makes no sense', async () => {
      const { store } = subject()
      const wrong = [
        { method: 'GET', expiresInSeconds: 0 },
        { method: 'GET', expiresInSeconds: Number.NaN },
        { method: 'GET', expiresInSeconds: 7 * 24 * 3600 + 1 },
        { method: 'DELETE', ...hour },
        { method: 'GET', ...hour, contentType: text },
        { method: 'PUT', ...hour, downloadName: 'a.txt' },
        { method: 'PUT', ...hour, contentType: 'text/plain\r\nx-evil: 1' },
        { method: 'PUT', ...hour, maximumBytes: 0 },
        { method: 'GET', ...hour, downloadName: 'a\r\nx-evil: 1' },
        { method: 'GET', ...hour, downloadName: '../a' },
      ]
      for (const options of wrong) {
        await expect(store.sign('uploads', 'a', options as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      }
    })
  })

  describe(`a signed upload of ${driver}`, () => {
    it('creates the object with the signed type', async () => {
      const { store } = subject()
      const key = newKey()
      const before = Date.now()
      const signed = await store.sign('uploads', key, {
        method: 'PUT',
        ...hour,
        contentType: 'application/pdf',
        maximumBytes: 2 ** 20,
      })
      expect(signed).toMatchObject({ method: 'PUT', headers: { 'content-type': 'application/pdf' } })
      expect(Math.abs(signed.expiresAt.getTime() - before - 3_600_000)).toBeLessThan(5_000)
      const bytes = randomBytes(2 ** 20)
      expect((await use(signed, { body: bytes })).status).toBe(200)
      const stored = (await store.read('uploads', key))!
      expect(stored).toMatchObject({ contentType: 'application/pdf', sizeBytes: 2 ** 20 })
      expect((await buffer(stored.body)).equals(bytes)).toBe(true)
    })

    it('never replaces an object: the second is refused with 412, also at the same moment', async () => {
      const { store } = subject()
      const key = newKey()
      const signed = await store.sign('uploads', key, { method: 'PUT', ...hour, contentType: text })
      const statuses = await Promise.all(
        Array.from(
          { length: 8 },
          async (_, number) => (await use(signed, { body: `${number}`.repeat(100_000) })).status,
        ),
      )
      expect(statuses.sort()).toEqual([200, ...Array(7).fill(412)])
      const content = (await contentOf(key))!
      expect(content.equals(Buffer.alloc(100_000, content[0]!))).toBe(true)
      expect((await use(signed, { body: 'later' })).status).toBe(412)
      expect((await contentOf(key))!.equals(content)).toBe(true)
    })

    // Cloud Storage says 403 of a signed header with another value, and 400 of one that is missing.
    it('of another content type, or of none, is refused with 400 or 403', async () => {
      const { store } = subject()
      const key = newKey()
      const signed = await store.sign('uploads', key, { method: 'PUT', ...hour, contentType: 'application/pdf' })
      for (const type of ['text/html', 'application/pdf; charset=x', 'application/pdfx']) {
        const response = await use(signed, { body: 'x', headers: { 'content-type': type } })
        expect([400, 403]).toContain(response.status)
      }
      const without = await fetch(signed.url, { method: 'PUT', body: new Uint8Array(1) })
      expect([400, 403]).toContain(without.status)
      expect(await contentOf(key)).toBeNull()
    })

    // Cloud Storage says 400 (EntityTooLarge).
    it('that is larger than allowed is refused with 413 or 400, whether it tells its size or not, and leaves nothing', async () => {
      const { store } = subject()
      const limit = 3 * 2 ** 20
      for (const [size, streamed] of [
        [limit, false],
        [limit, true],
        [limit + 1, false],
        [limit + 1, true],
        [limit * 5, false],
        [limit * 5, true],
      ] as const) {
        const key = newKey()
        const signed = await store.sign('uploads', key, {
          method: 'PUT',
          ...hour,
          contentType: text,
          maximumBytes: limit,
        })
        const bytes = Buffer.concat([...mebibytes(Math.floor(size / 2 ** 20)), Buffer.alloc(size % 2 ** 20)])
        const response = streamed
          ? await use(signed, { body: Readable.toWeb(Readable.from(bytes)), duplex: 'half' } as RequestInit)
          : await use(signed, { body: bytes })
        expect(size > limit ? [400, 413] : [200]).toContain(response.status)
        expect((await contentOf(key))?.length ?? null).toBe(size > limit ? null : size)
      }
    })

    it('that breaks off leaves nothing', async () => {
      const { store } = subject()
      const key = newKey()
      const signed = await store.sign('uploads', key, { method: 'PUT', ...hour, contentType: text })
      const controller = new AbortController()
      const slow = Readable.from(
        (async function* () {
          yield Buffer.alloc(100_000)
          await sleep(50)
          controller.abort()
          yield Buffer.alloc(100_000)
        })(),
      )
      await expect(
        use(signed, { body: Readable.toWeb(slow), duplex: 'half', signal: controller.signal } as RequestInit),
      ).rejects.toThrow()
      await sleep(100)
      expect(await contentOf(key)).toBeNull()
      expect((await use(signed, { body: 'again' })).status).toBe(200)
    })

    it('is open to pages of the configured origins only', async () => {
      const { store, origins } = subject()
      const signed = await store.sign('uploads', newKey(), { method: 'PUT', ...hour, contentType: text })
      const preflight = async (origin: string) => {
        const headers = {
          origin,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'content-type',
        }
        const response = await fetch(signed.url, { method: 'OPTIONS', headers })
        return response.headers.get('access-control-allow-origin')
      }
      expect([origins.allowed, '*']).toContain(await preflight(origins.allowed))
      expect(await preflight(origins.other)).toBeNull()
      const response = await use(signed, { body: 'x', headers: { origin: origins.allowed } })
      expect([origins.allowed, '*']).toContain(response.headers.get('access-control-allow-origin'))
    })
  })

  describe(`a signed download of ${driver}`, () => {
    it('serves the object as a file to keep, under the given name', async () => {
      const { store } = subject()
      const key = newKey()
      const bytes = randomBytes(3_000_000)
      await store.write('uploads', key, bytes, 'text/html')
      const signed = await store.sign('uploads', key, {
        method: 'GET',
        ...hour,
        downloadName: 'Bericht "Größe" 100%.html',
      })
      const response = await use(signed)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe('text/html')
      expect(response.headers.get('content-length')).toBe('3000000')
      const disposition = response.headers.get('content-disposition')
      expect(disposition).toMatch(/^attachment;/)
      expect(disposition).toContain("filename*=UTF-8''Bericht%20%22Gr%C3%B6%C3%9Fe%22%20100%25.html")
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
    })

    it('of what is not there is answered with 404', async () => {
      const signed = await subject().store.sign('uploads', newKey(), { method: 'GET', ...hour })
      expect((await use(signed)).status).toBe(404)
    })
  })

  describe(`a signed URL of ${driver}`, () => {
    // Cloud Storage says 400 (ExpiredToken).
    it('is refused with 403 or 400 once it has expired', async () => {
      const { store } = subject()
      const key = newKey()
      await store.write('uploads', key, 'x', text)
      const read = await store.sign('uploads', key, { method: 'GET', expiresInSeconds: 1 })
      const write = await store.sign('uploads', newKey(), { method: 'PUT', expiresInSeconds: 1, contentType: text })
      await sleep(2_100)
      expect([400, 403]).toContain((await use(read)).status)
      expect([400, 403]).toContain((await use(write, { body: 'x' })).status)
    })

    it('lets its holder do nothing else: another method, object, bucket or any change is refused', async () => {
      const { store } = subject()
      const [key, other] = [newKey(), newKey()]
      for (const name of [key, other]) {
        await store.write('uploads', name, 'x', text)
        await store.write('exports', name, 'x', text)
      }
      const read = await store.sign('uploads', key, { method: 'GET', ...hour, downloadName: 'a.txt' })
      const write = await store.sign('uploads', newKey(), {
        method: 'PUT',
        ...hour,
        contentType: text,
        maximumBytes: 10,
      })
      const refused = async (url: string, method: string) => {
        const body = method === 'PUT' ? { body: 'x' } : {}
        const response = await fetch(url, { method, headers: { 'content-type': text }, ...body })
        await response.text()
        return response.status >= 400 && response.status !== 404
      }
      expect(await refused(read.url, 'PUT')).toBe(true)
      expect(await refused(read.url, 'DELETE')).toBe(true)
      expect(await refused(write.url, 'GET')).toBe(true)
      expect(await refused(read.url.replace(key, other), 'GET')).toBe(true)
      expect(await refused(read.url.replace('uploads', 'exports'), 'GET')).toBe(true)
      for (const signed of [read, write]) {
        const url = new URL(signed.url)
        for (const [name, value] of url.searchParams) {
          for (const changed of [`${value}0`, value.slice(1), '']) {
            const altered = new URL(url)
            altered.searchParams.set(name, changed)
            expect(await refused(altered.href, signed.method), altered.search).toBe(true)
          }
          const without = new URL(url)
          without.searchParams.delete(name)
          expect(await refused(without.href, signed.method), without.search).toBe(true)
        }
      }
      expect((await use(read)).status).toBe(200)
      expect((await use(write, { body: 'x' })).status).toBe(200)
    })
  })
}
