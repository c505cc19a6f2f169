import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { Random } from '../faults/random.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

let product: TestProduct
beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
})
afterAll(() => product.stop())

/** An organization with so many projects, and what one does with them. */
async function newList(size: number) {
  const token = await product.signUp()
  const ask = (method: string, path: string, body?: unknown) =>
    call(product.url, method, path, { token, ...(body === undefined ? {} : { body }) })
  await ask('POST', '/v1/organizations', { name: newId() })
  const add = async (): Promise<string> => (await ask('POST', '/v1/projects', { name: newId() })).body.id
  const ids: string[] = []
  for (let at = 0; at < size; at++) ids.push(await add())
  const page = async (query: Record<string, string>, path = '/v1/projects') =>
    ask('GET', `${path}?${new URLSearchParams(query)}`)
  /** All pages of the list, with something done between them. */
  const walk = async (pageSize: number, between: (seen: readonly string[]) => Promise<unknown> = async () => {}) => {
    const seen: string[] = []
    const sizes: number[] = []
    let cursor: string | null = null
    do {
      const { status, body } = await page({
        'page[size]': String(pageSize),
        ...(cursor ? { 'page[cursor]': cursor } : {}),
      })
      expect(status).toBe(200)
      expect(body.meta.has_more).toBe(body.meta.next_cursor !== null)
      seen.push(...body.data.map(({ id }: { id: string }) => id))
      sizes.push(body.data.length)
      cursor = body.meta.next_cursor
      await between(seen)
    } while (cursor)
    return { seen, sizes }
  }
  return { ask, add, ids, page, walk, token, remove: (id: string) => ask('DELETE', `/v1/projects/${id}`) }
}

const cursorOf = async ({ page }: Awaited<ReturnType<typeof newList>>, path?: string): Promise<string> =>
  (await page({ 'page[size]': '1' }, path)).body.meta.next_cursor

describe('a walk over the pages of a list', () => {
  test('meets each row once, newest first, and ends', async () => {
    const list = await newList(45)
    const { seen, sizes } = await list.walk(20)
    expect(seen).toEqual(list.ids.toReversed())
    expect(sizes).toEqual([20, 20, 5])
    expect((await list.walk(45)).sizes).toEqual([45])
    expect((await list.walk(44)).sizes).toEqual([44, 1])
    expect((await list.page({})).body.data).toHaveLength(20)
  })

  test('meets each row that stays once, whatever comes and goes meanwhile', async () => {
    const list = await newList(45)
    const random = new Random(7)
    const alive = new Set(list.ids)
    const { seen } = await list.walk(20, async (read) => {
      // Also the row that the next cursor points at.
      for (const id of new Set([read.at(-1)!, ...random.shuffle([...alive]).slice(0, 4)])) {
        expect((await list.remove(id)).status).toBe(204)
        alive.delete(id)
      }
      for (let at = 0; at < 3; at++) await list.add()
    })
    expect(new Set(seen).size).toBe(seen.length)
    for (const id of alive) expect(seen.filter((one) => one === id)).toHaveLength(1)
    expect(seen.every((id) => list.ids.includes(id))).toBe(true)
  })

  test('of an empty list is one empty page', async () => {
    expect(await (await newList(0)).walk(20)).toEqual({ seen: [], sizes: [0] })
  })
})

describe('the size of a page', () => {
  test('is from 1 to 100', async () => {
    const list = await newList(2)
    for (const size of ['1', '100', '001']) expect((await list.page({ 'page[size]': size })).status, size).toBe(200)
    for (const size of ['0', '101', 'x', '-1', '1.5', '1e1', '', ' 5', '9999999999999999999', '٣']) {
      const { status, body } = await list.page({ 'page[size]': size })
      expect([status, body.error?.details[0]?.field], size).toEqual([422, 'query.page[size]'])
    }
    const twice = await list.ask('GET', '/v1/projects?page[size]=1&page[size]=2')
    expect(twice.body.error.details).toEqual([{ field: 'query.page[size]', message: 'is given more than once' }])
  })
})

describe('a cursor', () => {
  const refused = (field: string) => ({ error: { code: 'VALIDATION_ERROR', details: [{ field }] } })

  test('that was changed in any way is refused', async () => {
    const list = await newList(2)
    const cursor = await cursorOf(list)
    const bytes = Buffer.from(cursor, 'base64url')
    const flipped = Array.from(bytes, (_, at) => {
      const copy = Buffer.from(bytes)
      copy[at]! ^= 1
      return copy.toString('base64url')
    })
    const longer = Buffer.concat([bytes, Buffer.from([0])]).toString('base64url')
    const spelled = [`${cursor}=`, `${cursor}!`, ` ${cursor}`, cursor.replace(/^./, '$&.')]
    const others = ['', 'x', 'null', cursor.slice(0, -1), cursor.slice(1), longer, 'A'.repeat(500), 'A'.repeat(501)]
    for (const changed of [...flipped, ...spelled, ...others]) {
      const { status, body } = await list.page({ 'page[cursor]': changed })
      expect(status, changed).toBe(422)
      expect(body).toMatchObject(refused('query.page[cursor]'))
    }
    expect((await list.page({ 'page[cursor]': cursor })).status).toBe(200)
  })

  test('of another list, or of another organization, is refused', async () => {
    const [list, other] = [await newList(2), await newList(2)]
    for (const one of [list, other]) {
      for (const name of ['a', 'b']) await one.ask('POST', '/v1/blocklists', { name })
    }
    const cursors = [
      await cursorOf(list, '/v1/blocklists'),
      await cursorOf(other),
      await cursorOf(other, '/v1/blocklists'),
    ]
    for (const cursor of cursors) {
      const { status, body } = await list.page({ 'page[cursor]': cursor })
      expect(status).toBe(422)
      expect(body).toMatchObject(refused('query.page[cursor]'))
    }
  })

  test('tells nobody what it stands for: it is a position and a signature, and no row', async () => {
    const list = await newList(2)
    const text = Buffer.from(await cursorOf(list), 'base64url').toString('latin1')
    const { data } = (await list.page({ 'page[size]': '1' })).body
    expect(text).not.toContain(data[0].name)
    expect(text).not.toContain(data[0].workspace_id)
  })
})
