import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { call, startTestProduct, type TestProduct, uploadDocument } from '../setup/product.ts'

const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('')

let product: TestProduct
let owner: postgres.Sql
let token: string

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
  token = await product.signUp()
  await post('/v1/organizations', { name: 'Twins' })
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

async function post(path: string, body?: unknown) {
  const answer = await call(product.url, 'POST', path, { token, body })
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
  return answer.body
}

const get = async (path: string, as = token) => (await call(product.url, 'GET', path, { token: as })).body

const upload = (fileName: string, content: string, tlp?: string) =>
  uploadDocument(product.url, token, { fileName, content, ...(tlp ? { tlp } : {}) })

/** Completes the upload and waits until nothing of the document is under way. */
async function process(id: string) {
  await post(`/v1/documents/${id}/complete`)
  return settled(id)
}

async function settled(id: string) {
  for (;;) {
    const document = await get(`/v1/documents/${id}`)
    const job = document.job_id && (await get(`/v1/jobs/${document.job_id}`))
    if (document.status !== 'processing' && !['queued', 'running'].includes(job?.status)) return document
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test('a duplicate whose twin is refused is judged itself', async () => {
  const ids = await Promise.all([1, 2, 3].map((n) => upload(`eicar-${n}.txt`, eicar)))
  await Promise.all(ids.map((id) => post(`/v1/documents/${id}/complete`)))
  await vi.waitFor(
    async () => {
      const documents = await Promise.all(ids.map((id) => get(`/v1/documents/${id}`)))
      expect(documents.map((one) => one.error?.code)).toEqual(['INFECTED', 'INFECTED', 'INFECTED'])
    },
    { timeout: 15_000 },
  )
})

test('a document that fails when it is processed again leaves no evidence, and its copy takes over without doubling', async () => {
  const content = 'The implant calls hxxp://c2.first-evil[.]top/gate and 185.220.101[.]77.\n'
  const first = await process(await upload('first.txt', content))
  const copy = await process(await upload('copy.txt', content))
  expect(copy).toMatchObject({ status: 'duplicate', duplicate_of: first.id })
  const before = await owner`select value, confidence from indicators where value like '%first-evil%' order by value`
  // Its file is gone: processing it again must fail.
  const [{ object_key } = {}] = await owner`select object_key from documents where id = ${first.id}`
  await product.services.objects.remove('uploads', object_key)
  await post(`/v1/documents/${first.id}/reprocess`)
  expect((await settled(first.id)).status).toBe('rejected')
  expect((await settled(copy.id)).status).toBe('ready')
  expect(await owner`select 1 from evidence where document_id = ${first.id}`).toHaveLength(0)
  expect(await owner`select 1 from document_passages where document_id = ${first.id}`).toHaveLength(0)
  const after = await owner`select value, confidence from indicators where value like '%first-evil%' order by value`
  expect(after).toEqual(before)
})

test('a stricter level that a second sender declares counts for the content', async () => {
  const content = 'TLP:CLEAR\nThe implant calls hxxp://c2.stricter-evil[.]top/gate.\n'
  const first = await process(await upload('clear.txt', content))
  expect(first.tlp).toBe('CLEAR')
  await process(await upload('red.txt', content, 'RED'))
  expect(await get(`/v1/documents/${first.id}`)).toMatchObject({ status: 'ready', tlp: 'RED' })
  const [indicator] = await owner`select tlp from indicators where value = 'c2.stricter-evil.top'`
  expect(indicator).toEqual({ tlp: 'RED' })
})

test('a report with tens of thousands of indicators is processed in seconds, and its small neighbour does not wait for it', async () => {
  const lines = Array.from(
    { length: 50_000 },
    (_, n) => `45.${n % 200}.${(n >> 8) % 250}.${((n * 7) % 250) | 1}[.]evil${n}[.]top`,
  )
  const big = await upload('big.txt', `Indicators of compromise of the malware campaign\n${lines.join('\n')}\n`)
  const small = await upload('small.txt', 'The implant calls hxxp://c2.neighbour-evil[.]top/gate.\n')
  await post(`/v1/documents/${big}/complete`)
  await post(`/v1/documents/${small}/complete`)
  expect((await settled(small)).status).toBe('ready')
  const document = await settled(big)
  expect(document).toMatchObject({ status: 'ready' })
  expect(document.counts.indicators).toBeGreaterThanOrEqual(50_000)
  expect(await owner`select 1 from dead_letters`).toHaveLength(0)
}, 120_000)

test('a member sees nothing that only documents of another workspace say', async () => {
  await process(await upload('secret.txt', 'APT28 used hxxp://c2.secret-evil[.]top/gate.\n', 'RED'))
  const [organization] = (await get('/v1/organizations')).data
  const member = await product.signUp()
  const { id: userId } = await get('/v1/users/me', member)
  const { id: workspaceId } = await post('/v1/workspaces', { name: 'Elsewhere' })
  await owner`insert into memberships (org_id, user_id, role) values (${organization.id}, ${userId}, 'viewer')`
  await owner`insert into workspace_members (org_id, workspace_id, user_id, role)
    values (${organization.id}, ${workspaceId}, ${userId}, 'member')`
  for (const path of ['/v1/indicators', '/v1/actors', '/v1/evidence', '/v1/documents', '/v1/jobs']) {
    expect((await get(path, member)).data, path).toEqual([])
  }
  const [hidden] = await owner`select id from indicators where value = 'c2.secret-evil.top'`
  expect((await call(product.url, 'GET', `/v1/indicators/${hidden?.id}`, { token: member })).status).toBe(404)
})

test('projects that are renamed to one name at once: one gets it, the others are told', async () => {
  const projects = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => post('/v1/projects', { name: `Project ${n}` })))
  const answers = await Promise.all(
    projects.map(({ id }) => call(product.url, 'PATCH', `/v1/projects/${id}`, { token, body: { name: 'The one' } })),
  )
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409, 409, 409, 409, 409])
})
