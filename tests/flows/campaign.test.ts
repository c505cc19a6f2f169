import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { call, startTestProduct, type TestProduct, uploadDocument } from '../setup/product.ts'

const patience = { timeout: 240_000, interval: 200 }
const report = `Ransomware in hospitals

APT29 used phishing against forty hospitals in Europe during the spring of 2026.
Hospitals that kept offline backups restored their systems within three days.
Staff who reported phishing early stopped six of the attacks before any file was encrypted.
`
const unproven = 'Our product blocks quantum malware'
const action = 'Check your backups today.'

let product: TestProduct

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
}, 300_000)
afterAll(() => product.stop())

test('a campaign is written, approved, published and measured with the brand that the workspace set', {
  timeout: 900_000,
}, async () => {
  const token = await product.signUp()
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await call(product.url, method, path, { token, ...(body === undefined ? {} : { body }) })
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300)
    return answer.body
  }
  await ask('POST', '/v1/organizations', { name: 'Campaign' })
  const settings = { brand_banned_words: ['early'], brand_approved_phrases: [action] }
  await ask('PATCH', '/v1/agents/arbiter', { settings })
  const documentId = await uploadDocument(product.url, token, { fileName: 'r.txt', content: report, tlp: 'CLEAR' })
  await ask('POST', `/v1/documents/${documentId}/complete`)
  const statusOf = async (path: string) => (await ask('GET', path)).status
  await expect.poll(() => statusOf(`/v1/documents/${documentId}`), patience).toBe('ready')

  const { id } = await ask('POST', '/v1/agent-runs', {
    playbook: 'campaign',
    input: {
      subject: 'Backups save hospitals',
      audience: 'Heads of hospital IT',
      goal: 'They check their backups',
      key_points: ['Offline backups restored systems', 'Phishing was reported early', unproven],
      channels: ['email', 'press'],
      document_ids: [documentId],
      call_to_action: action,
    },
  })
  await expect.poll(() => statusOf(`/v1/agent-runs/${id}`), patience).toBe('waiting_approval')
  const { steps } = await ask('GET', `/v1/agent-runs/${id}`)
  const { shows } = steps.find(({ node }: { node: string }) => node === 'approval')
  expect(shows).toMatchObject({ unproven: [unproven], channels: [{ channel: 'email' }, { channel: 'press' }] })
  expect((await ask('GET', '/v1/briefs')).data).toEqual([])

  await ask('POST', `/v1/agent-runs/${id}/decisions`, { node: 'approval', decision: 'approve' })
  await expect.poll(() => statusOf(`/v1/agent-runs/${id}`), patience).toBe('completed')
  const { output, cost_microdollars } = await ask('GET', `/v1/agent-runs/${id}`)
  expect(cost_microdollars).toBe(0)
  const briefs = (await ask('GET', '/v1/briefs')).data
  expect(briefs).toHaveLength(2)
  for (const { channel, markdown, brief_id, metrics } of output.channels) {
    expect(['email', 'press']).toContain(channel)
    expect(markdown).toContain('offline backups restored')
    expect(markdown).toContain(action)
    expect(markdown).not.toMatch(/early|quantum/i)
    expect(metrics).toMatchObject({ key_points_covered: 1, key_points: 3, cited_claims: metrics.claims - 1 })
    const brief = await ask('GET', `/v1/briefs/${brief_id}`)
    expect(brief).toMatchObject({ status: 'published', tlp: 'CLEAR', run_id: id, uncited_claims: 1 })
  }
})
