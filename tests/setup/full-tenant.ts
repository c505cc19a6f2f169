import type postgres from 'postgres'
import { expect, vi } from 'vitest'
import { buckets } from '#shared/platform/objects/index.ts'
import { readObjects } from '../faults/invariants.ts'
import { call, type TestProduct, uploadDocument } from './product.ts'

/** An organization with something of everything in it. */
export interface Tenant {
  orgId: string
  name: string
  token: string
  ownerId: string
  workspaceId: string
  documentIds: string[]
  blocklistPath: string
  apiKey: string
}

/** Makes an organization with a project, documents that went through the pipeline, exports, a blocklist and a key. */
export async function makeTenant(product: TestProduct, name: string, documents = 2): Promise<Tenant> {
  const token = await product.signUp()
  const send = async (method: string, path: string, body?: unknown) => {
    const answer = await call(product.url, method, path, { token, ...(body === undefined ? {} : { body }) })
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const { id: orgId } = await send('POST', '/v1/organizations', { name })
  const { id: ownerId } = await send('GET', '/v1/users/me')
  const workspaceId = (await send('GET', '/v1/workspaces')).data[0].id
  await send('POST', '/v1/projects', { name: 'Project' })
  await send('POST', '/v1/invitations', { email: 'invited@example.org', role: 'viewer' })
  const { key: apiKey } = await send('POST', '/v1/api-keys', { name: 'Key', scopes: ['intelligence:read'] })
  const { url } = await send('POST', '/v1/blocklists', { name: 'Edge' })
  const documentIds = await Promise.all(
    Array.from({ length: documents }, (_, at) =>
      uploadDocument(product.url, token, {
        fileName: `report-${at}.txt`,
        content: `APT29 used Cobalt Strike (T1190) and hxxp://c2-${at}.evil-${name.toLowerCase()}[.]top/gate from 185.220.101[.]4${at}.\n`,
      }),
    ),
  )
  const jobs = await Promise.all(
    documentIds.map(async (id) => (await send('POST', `/v1/documents/${id}/complete`)).job_id),
  )
  jobs.push((await send('POST', '/v1/exports', { format: 'stix', filter: {} })).job_id)
  await vi.waitFor(
    async () => {
      const ends = await Promise.all(jobs.map(async (id) => (await send('GET', `/v1/jobs/${id}`)).status))
      expect(ends).toEqual(jobs.map(() => 'succeeded'))
    },
    { timeout: 45_000, interval: 50 },
  )
  return { orgId, name, token, ownerId, workspaceId, documentIds, apiKey, blocklistPath: new URL(url).pathname }
}

/** Every table and how many rows of it say an organization's id, wherever in the row; seen past all walls. */
export async function rowsOf(owner: postgres.Sql, orgId: string): Promise<Record<string, number>> {
  const tables = await owner<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`
  const found: Record<string, number> = {}
  for (const { name } of tables) {
    const [row] = await owner<{ rows: number }[]>`
      select count(*)::integer as rows from ${owner(name)} t where t::text like ${`%${orgId}%`}`
    if (row && row.rows > 0) found[name] = row.rows
  }
  return found
}

/** What those rows are, so that any change of any of them shows; but requests are logged some time after they end. */
export async function fingerprintOf(owner: postgres.Sql, orgId: string): Promise<Record<string, string>> {
  const prints: Record<string, string> = {}
  for (const name of Object.keys(await rowsOf(owner, orgId))) {
    if (name === 'api_usage_logs') continue
    const [row] = await owner<{ print: string }[]>`
      select md5(string_agg(t::text, e'\n' order by t::text)) as print from ${owner(name)} t
      where t::text like ${`%${orgId}%`}`
    prints[name] = row?.print ?? ''
  }
  return prints
}

/** The keys of an organization's objects in all buckets. */
export async function objectsOf(dataFolder: string, orgId: string): Promise<string[]> {
  const keys: string[] = []
  for (const bucket of buckets) {
    const objects = await readObjects(dataFolder, bucket).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return new Map<string, string>()
      throw error
    })
    for (const key of objects.keys()) if (key.startsWith(`${orgId}/`)) keys.push(`${bucket}/${key}`)
  }
  return keys.sort()
}
