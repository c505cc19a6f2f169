import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { call, startTestProduct, type TestProduct, uploadDocument } from '../setup/product.ts'

const report = `TLP:GREEN
Campaign report

In May the actor APT29 exploited CVE-2021-44228 (T1190) and deployed Cobalt Strike.
The beacon was downloaded from hxxps://cdn.evil-updates[.]top/load.php and talks to 185.220.101[.]45.
Loader SHA-256: 0f343b0931126a20f133d67c2b018a3b7d1c4a5f6e8d9c0b1a2f3e4d5c6b7a89
The victims used 8.8.8.8 for name resolution.
`

let product: TestProduct
let owner: postgres.Sql
let token: string

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
  token = await product.signUp()
  await post('/v1/organizations', { name: 'Flow' })
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

async function post(path: string, body?: unknown, expected = [200, 201, 202]) {
  const answer = await call(product.url, 'POST', path, { token, body })
  expect(expected, JSON.stringify(answer.body)).toContain(answer.status)
  return answer.body
}

const get = async (path: string) => (await call(product.url, 'GET', path, { token })).body

/** Uploads, completes, and waits for the job by its events. */
async function ingest(fileName: string, content: string | Uint8Array, contentType = 'text/plain') {
  const id = await uploadDocument(product.url, token, { fileName, content, contentType })
  const { job_id } = await post(`/v1/documents/${id}/complete`)
  const events = await watch(job_id)
  return { id, events, job: await get(`/v1/jobs/${job_id}`), document: await get(`/v1/documents/${id}`) }
}

async function watch(
  jobId: string,
  lastEventId?: string,
): Promise<{ id: number; type: string; data: Record<string, unknown> & { message: string } }[]> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` }
  if (lastEventId) headers['last-event-id'] = lastEventId
  const text = await (await fetch(`${product.url}/v1/jobs/${jobId}/events`, { headers })).text()
  return text.split('\n\n').flatMap((block) => {
    const match = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/m.exec(block)
    return match ? [{ id: Number(match[1]), type: match[2]!, data: JSON.parse(match[3]!) }] : []
  })
}

async function snapshot() {
  const [indicators, entities, evidence, passages] = await Promise.all([
    owner`select id, type, value, tlp, confidence, suppressed_list, first_seen, last_seen from indicators order by id`,
    owner`select id, kind, external_id, tlp from entities order by id`,
    owner`select id, indicator_id, entity_id, start_offset, end_offset, sentence from evidence order by id`,
    owner`select document_id, ordinal, text from document_passages order by document_id, ordinal`,
  ])
  return { indicators, entities, evidence, passages }
}

describe('a threat report', () => {
  test('becomes evidenced intelligence, step by step, in sight of whoever watches', async () => {
    const { id, events, job, document } = await ingest('campaign.txt', report)
    expect(job).toMatchObject({ status: 'succeeded', done: job.total, error: null })
    expect(events.map((event) => event.id)).toEqual(events.map((_, index) => index + 1))
    expect(events[0]?.type).toBe('queued')
    expect(events.at(-1)?.type).toBe('succeeded')
    expect(events.filter((event) => event.type === 'running').map((event) => event.data.message)).toEqual([
      'Next: scan',
      'Next: extract text',
      'Next: extract intelligence',
      'Next: index',
      'Next: notify',
    ])
    expect(document).toMatchObject({ status: 'ready', format: 'text', tlp: 'GREEN', character_count: report.length })

    const { data: indicators } = await get(`/v1/indicators?document_id=${id}&page[size]=100`)
    const byValue = new Map(indicators.map((one: any) => [one.value, one]))
    expect(byValue.get('185.220.101.45')).toMatchObject({ type: 'ipv4', tlp: 'GREEN', suppressed_reason: null })
    expect(byValue.get('https://cdn.evil-updates.top/load.php')).toMatchObject({ type: 'url' })
    expect(byValue.get('8.8.8.8')).toMatchObject({ suppressed_list: expect.any(String) })

    const { text } = await get(`/v1/documents/${id}/text`)
    expect(text).toBe(report)
    const { data: evidence } = await get(`/v1/evidence?document_id=${id}&page[size]=100`)
    for (const item of evidence) {
      expect(text.slice(item.start, item.end)).toBe(item.quote)
      expect(item.sentence).toContain(item.quote.slice(0, 20).split('\n')[0])
    }
    const names = async (path: string) =>
      (await get(`${path}?document_id=${id}`)).data.map((one: any) => one.external_id)
    expect(await names('/v1/techniques')).toContain('T1190')
    expect(await names('/v1/actors')).toContain('G0016')
    expect(await names('/v1/software')).toContain('S0154')
    expect(await names('/v1/vulnerabilities')).toContain('CVE-2021-44228')
    const { data: notes } = await get('/v1/notifications')
    expect(notes.filter((note: any) => note.subject_id === id)).toHaveLength(1)
  })

  test('can be processed again without anything changing or doubling', async () => {
    const { id } = await ingest('again.txt', `${report}\nAnother sentence, so that it is another file.\n`)
    const before = await snapshot()
    const { job_id } = await post(`/v1/documents/${id}/reprocess`)
    expect((await watch(job_id)).at(-1)?.type).toBe('succeeded')
    expect(await snapshot()).toEqual(before)
  })

  test('that is uploaded twice is known the second time, and doubles nothing', async () => {
    const first = await ingest('twin-1.txt', `${report}twins\n`)
    const before = await snapshot()
    const second = await ingest('twin-2.txt', `${report}twins\n`)
    expect(second.document).toMatchObject({ status: 'duplicate', duplicate_of: first.id })
    expect(second.job).toMatchObject({ status: 'succeeded', result: { duplicate_of: first.id } })
    expect(await snapshot()).toEqual(before)
  })

  test('that is uploaded five times at once is processed once', async () => {
    const content = `${report}quintuplets\n`
    const all = await Promise.all([1, 2, 3, 4, 5].map((n) => ingest(`five-${n}.txt`, content)))
    expect(all.map((one) => one.document.status).sort()).toEqual([
      'duplicate',
      'duplicate',
      'duplicate',
      'duplicate',
      'ready',
    ])
  })

  test('takes a watcher up where it left off', async () => {
    const { job, events } = await ingest('resume.txt', `${report}resume\n`)
    const rest = await watch(job.id, '3')
    expect(rest).toEqual(events.slice(3))
  })
})

describe('a file that is no use', () => {
  test('is rejected with a code and a sentence, and its neighbours go on', async () => {
    const files: [string, string | Uint8Array, string][] = [
      ['broken.pdf', '%PDF-1.7\nthis is no PDF at all', 'application/pdf'],
      ['program.txt', new Uint8Array([0x4d, 0x5a, 0x90, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0xff, 0xff, 0, 0]), 'text/plain'],
      ['good.txt', `${report}neighbour\n`, 'text/plain'],
      ['archive.zip', Buffer.from('UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', 'base64'), 'application/zip'],
    ]
    const [broken, program, good, archive] = await Promise.all(
      files.map(([name, content, type]) => ingest(name, content, type)),
    )
    for (const bad of [broken, program, archive]) {
      expect(bad?.document).toMatchObject({ status: 'rejected', error: { code: expect.any(String) } })
      expect(bad?.job).toMatchObject({ status: 'failed', error: bad?.document.error })
      expect(bad?.document.error.message).not.toMatch(/\bat |\.ts|Error:/)
    }
    expect(good?.document.status).toBe('ready')
    expect(await owner`select 1 from dead_letters`).toHaveLength(0)
  })

  test('is rejected when it carries malware', async () => {
    const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('')
    const { document, job } = await ingest('eicar.txt', eicar)
    expect(document).toMatchObject({ status: 'rejected', error: { code: 'INFECTED' } })
    expect(job.status).toBe('failed')
  })

  test('is not read when what is stored is larger than was announced, however that came', async () => {
    const id = await uploadDocument(product.url, token, { fileName: 'grown.txt', content: 'ten bytes\n' })
    const [row] = await owner`select object_key from documents where id = ${id}`
    await product.services.objects.write('uploads', row!.object_key, 'eleven bytes', 'text/plain')
    const { job_id } = await post(`/v1/documents/${id}/complete`)
    await watch(job_id)
    expect(await get(`/v1/documents/${id}`)).toMatchObject({ status: 'rejected', error: { code: 'FILE_TOO_LARGE' } })
  })

  test('cannot be completed before it is there', async () => {
    const { document } = await post('/v1/documents', { file_name: 'a.txt', content_type: 'text/plain', size_bytes: 10 })
    const answer = await call(product.url, 'POST', `/v1/documents/${document.id}/complete`, { token })
    expect(answer.status).toBe(409)
  })

  test('cannot be uploaded larger than announced, nor replaced afterwards', async () => {
    const { upload } = await post('/v1/documents', { file_name: 'a.txt', content_type: 'text/plain', size_bytes: 10 })
    const put = (body: string) => fetch(upload.url, { method: 'PUT', headers: upload.headers, body })
    expect((await put('x'.repeat(11))).status).toBe(413)
    expect((await put('x'.repeat(10))).status).toBeLessThan(300)
    expect((await put('y'.repeat(10))).status).toBe(412)
  })
})

describe('defenses', () => {
  test('a STIX export and a CSV export hold what the TLP allows, behind a signed URL', async () => {
    const { id } = await ingest('export.txt', `${report.replace('TLP:GREEN', 'TLP:RED')}export\n`)
    const build = async (format: string, maximum_tlp: string) => {
      const { id: exportId, job_id } = await post('/v1/exports', { format, filter: { document_id: id, maximum_tlp } })
      await watch(job_id)
      const { download_url, status } = await get(`/v1/exports/${exportId}`)
      expect(status).toBe('ready')
      return (await fetch(download_url)).text()
    }
    const bundle = JSON.parse(await build('stix', 'RED'))
    expect(bundle.type).toBe('bundle')
    expect(JSON.stringify(bundle)).toContain('185.220.101.45')
    expect(JSON.parse(await build('stix', 'AMBER')).objects?.some((one: any) => one.type === 'report') ?? false).toBe(
      false,
    )
    expect(await build('csv', 'RED')).toContain('185.220.101.45')
    expect(await build('csv', 'CLEAR')).not.toContain('185.220.101.45')
  })

  test('a blocklist is read by its token, changes its tag only when it changes, and ends when it is revoked', async () => {
    await ingest('blocklist.txt', `${report}blocklist\n`)
    const { blocklist, url } = await post('/v1/blocklists', {
      name: 'Edge',
      maximum_tlp: 'GREEN',
      minimum_confidence: 0,
    })
    const first = await fetch(url)
    const lines = (await first.text()).split('\n')
    expect(first.headers.get('content-type')).toContain('text/plain')
    expect(lines).toContain('185.220.101.45')
    expect(lines).not.toContain('8.8.8.8')
    const etag = first.headers.get('etag') ?? ''
    expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304)
    for (const format of ['edl-ip', 'hosts', 'rpz', 'nftables', 'pf', 'csv']) {
      expect((await fetch(`${url}?format=${format}`)).status, format).toBe(200)
    }
    const clear = await post('/v1/blocklists', { name: 'Public', maximum_tlp: 'CLEAR', minimum_confidence: 0 })
    expect(await (await fetch(clear.url)).text()).not.toContain('185.220.101.45')
    expect((await call(product.url, 'DELETE', `/v1/blocklists/${blocklist.id}`, { token })).status).toBe(204)
    expect((await fetch(url)).status).toBe(404)
    expect((await fetch(`${url.slice(0, -1)}x`)).status).toBe(404)
  })
})

test('another tenant with the same report knows nothing of the first', async () => {
  const mine = token
  await ingest('shared.txt', `${report}shared\n`)
  token = await product.signUp()
  await post('/v1/organizations', { name: 'Other' })
  expect((await get('/v1/indicators')).data).toEqual([])
  const { document } = await ingest('shared.txt', `${report}shared\n`)
  expect(document.status).toBe('ready')
  token = mine
})
