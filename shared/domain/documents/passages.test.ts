import fc from 'fast-check'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { type Database, nobody, type Scope, system } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createDocument } from './documents.ts'
import { readText, replacePassages, toPassages } from './passages.ts'

const text = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '.', 'é', '𝄞', 'word '), maxLength: 20_000 })

/** A text cut into pages at any places between characters. */
const paged = fc.tuple(text, fc.array(fc.nat(20_000), { maxLength: 5 })).map(([whole, cuts]) => {
  const between = cuts.filter((cut) => cut > 0 && cut < whole.length && whole.slice(0, cut).isWellFormed())
  const ends = [...new Set(between), whole.length].sort((a, b) => a - b)
  const pages = ends.map((end, index) => ({ number: index + 1, start: ends[index - 1] ?? 0, end }))
  return { text: whole, pages: pages.filter((page) => page.end > page.start) }
})

test('the passages of a text, in order, are the text, each no longer than a passage may be', () => {
  fc.assert(
    fc.property(paged, (document) => {
      const passages = toPassages(document)
      expect(passages.map((passage) => passage.text).join('')).toBe(document.text)
      for (const [index, passage] of passages.entries()) {
        expect(passage.ordinal).toBe(index)
        expect(passage.text.length).toBeGreaterThan(0)
        expect(passage.text.length).toBeLessThanOrEqual(4000)
        expect(document.text.startsWith(passage.text, passage.start_offset)).toBe(true)
        const page = document.pages.find((one) => one.number === passage.page)
        expect(passage.start_offset).toBeGreaterThanOrEqual(page?.start ?? 0)
        expect(passage.start_offset + passage.text.length).toBeLessThanOrEqual(page?.end ?? document.text.length)
      }
    }),
  )
})

test('no passage ends inside a character', () => {
  const passages = toPassages({ text: '𝄞'.repeat(5000), pages: [] })
  for (const passage of passages) expect(passage.text.isWellFormed()).toBe(true)
})

test('a character that two pages share goes to the later page, whole', () => {
  const pages = [
    { number: 1, start: 0, end: 2 },
    { number: 2, start: 2, end: 3 },
  ]
  expect(toPassages({ text: 'a𝄞', pages }).map(({ page, text }) => [page, text])).toEqual([
    [1, 'a'],
    [2, '𝄞'],
  ])
})

test('a text without pages has passages without pages', () => {
  expect(toPassages({ text: 'short', pages: [] })).toEqual([{ ordinal: 0, page: null, start_offset: 0, text: 'short' }])
  expect(toPassages({ text: '', pages: [] })).toEqual([])
})

let clone: TestDatabase
let database: Database
let scope: Scope
let document: { id: string; org_id: string; workspace_id: string }

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open()
  const [orgId, workspaceId, userId] = [newId(), newId(), newId()]
  scope = { ...nobody, orgId, workspaceId: 'any' }
  await database.transaction(system, (sql) => sql`insert into users (id, auth_sub, email) values (${userId}, 's', 'e')`)
  const { id } = await database.transaction(scope, async (sql) => {
    await sql`insert into organizations (id, name) values (${orgId}, 'o')`
    await sql`insert into workspaces (id, org_id, name) values (${workspaceId}, ${orgId}, 'w')`
    return createDocument(sql, {
      id: newId(),
      objectKey: 'k',
      orgId,
      workspaceId,
      createdBy: userId,
      fileName: 'f',
      contentType: 't',
      sizeBytes: 1,
      projectId: null,
      tlp: null,
      at: new Date(),
      defaultPlanId: 'enterprise',
    })
  })
  document = { id, org_id: orgId, workspace_id: workspaceId }
})
afterAll(async () => {
  await database.close()
  await clone.drop()
})

test('what is stored comes back as it was: text and pages', async () => {
  await fc.assert(
    fc.asyncProperty(paged, async (original) => {
      await database.transaction(scope, (sql) => replacePassages(sql, document, toPassages(original)))
      const stored = await database.transaction(scope, (sql) => readText(sql, document.id))
      expect(stored.text).toBe(original.text)
      expect(stored.pages).toEqual(original.text === '' ? [] : original.pages)
    }),
    { numRuns: 20 },
  )
})
