import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { finishJob, progressJob, startJob } from '#shared/domain/jobs/jobs.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { serviceScope } from '#shared/runtime/contexts.ts'
import { buildManifest } from '#shared/runtime/manifest.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

let product: TestProduct
let token: string
let orgId: string

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  token = await product.signUp()
  orgId = (await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Example' } })).body.id
})
afterAll(() => product.stop())

const inside = <Result>(work: (sql: Sql) => Promise<Result>) =>
  product.services.database.transaction(serviceScope(orgId, null), work)

async function newJob(): Promise<string> {
  const id = newId()
  const draft = { id, orgId, workspaceId: null, kind: 'test', total: 10, message: '', subjectId: id, createdBy: null }
  await inside((sql) => startJob(sql, draft))
  return id
}
const progress = (id: string, done: number) => inside((sql) => progressJob(sql, id, { done, message: `step ${done}` }))
const finish = (id: string) =>
  inside((sql) => finishJob(sql, id, { status: 'succeeded', message: 'done', result: { any: 'thing' } }))

/** Opens the stream; `until` reads on until what has come says enough. */
async function watch(id: string, lastEventId?: string) {
  const leave = new AbortController()
  const response = await fetch(`${product.url}/v1/jobs/${id}/events`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: leave.signal,
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    response,
    leave: () => leave.abort(),
    async until(isEnough: (text: string) => boolean) {
      while (!isEnough(text)) {
        const { value, done } = (await reader?.read()) ?? { done: true, value: undefined }
        if (done) break
        text += value
      }
      return text
    },
  }
}

const idsIn = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]))

test('a watcher whose connection is cut goes on with the id of the last event, and misses and repeats none', async () => {
  const id = await newJob()
  await progress(id, 1)
  const seen: number[] = []
  for (let done = 2; done < 6; done++) {
    const stream = await watch(id, seen.length === 0 ? undefined : String(seen.at(-1)))
    seen.push(...idsIn(await stream.until((text) => idsIn(text).length > 0 && text.endsWith('\n\n'))))
    stream.leave()
    await progress(id, done)
  }
  await finish(id)
  const last = await watch(id, String(seen.at(-1)))
  const text = await last.until(() => false)
  seen.push(...idsIn(text))
  expect(seen).toEqual(Array.from({ length: seen.length }, (_, at) => at + 1))
  const events = [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1]!))
  expect(events.at(-1)).toEqual({
    status: 'succeeded',
    done: 10,
    total: 10,
    message: 'done',
    eta_seconds: null,
    attempts: 0,
    cost_microdollars: 0,
    result: { any: 'thing' },
    error: null,
  })
})

test('who has seen the end is told to come no more, and an id that is none of the job’s keeps no event from anyone', async () => {
  const id = await newJob()
  await finish(id)
  const { version } = (await inside((sql) => sql`select version from jobs where id = ${id}`))[0]!
  const over = await watch(id, String(version))
  expect(over.response.status).toBe(204)
  for (const foreign of ['999999', '-1', 'x', '1e99', '']) {
    const stream = await watch(id, foreign)
    expect(stream.response.status).toBe(200)
    expect(idsIn(await stream.until(() => false)), foreign).toEqual([1, 2])
  }
})

test('nothing on the way may hold a stream back: not proxies, not compression, not the deadline', async () => {
  const id = await newJob()
  const stream = await watch(id)
  const { headers } = stream.response
  expect(headers.get('content-type')).toMatch(/^text\/event-stream/)
  expect(headers.get('cache-control')).toBe('no-store, no-transform')
  expect(headers.get('x-accel-buffering')).toBe('no')
  expect(headers.get('content-length')).toBeNull()
  expect(headers.get('content-encoding')).toBeNull()
  // The first bytes come at once, not with the first kilobytes.
  expect(await stream.until((text) => text.length > 0)).toContain('retry: 1000')
  stream.leave()
  const deployed = buildManifest(product.functions).functions.find(({ name }) => name === 'jobs-stream-events')
  expect(deployed?.timeoutSeconds).toBeGreaterThan(600)
  expect(deployed?.timeoutSeconds).toBeLessThanOrEqual(3600)
})
