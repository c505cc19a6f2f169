import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Job } from '#shared/domain/jobs/schemas.ts'
import type { Envelope } from '#shared/domain/messaging.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import { ApiError } from '../api-client.ts'
import { type PublishedEvent, tailEvents } from '../event-tail.ts'
import { findCloudUrl, noEmbeddedCloud } from '../owner-database.ts'
import { printable } from '../printable.ts'
import { connect, type Login } from '../sign-in.ts'

export const summary = 'Follow events as they are published, or send one that does nothing but arrive'
export const usage = `events tail [--type TYPE]... [--org ID] [--since SECONDS] [--json]
       npm run adapt -- events test [--json] [--url URL] [--token TOKEN] [--organization ID]

tail shows every event of the embedded cloud, each once, until Ctrl-C; also those that nobody subscribes to. TYPE is the
whole name (document.finished) or its beginning (document.*). --since begins up to 60 seconds ago. It reads the database
of the embedded cloud as its owner (CLOUD_DATABASE_URL, else "cloud" beside DATABASE_OWNER_URL or the product on this
machine), and goes on where it was when the product restarts. On Google Cloud, make a subscription and see "gcloud pubsub
subscriptions pull".

test sends a test event as the caller of --token (else of ADAPT_EMAIL and ADAPT_PASSWORD) at --url (else ADAPT_URL, else
this machine) and waits until it has arrived. Exits with 1 when it does not.`

const longestSinceSeconds = 60

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      type: { type: 'string', multiple: true },
      org: { type: 'string' },
      since: { type: 'string' },
      json: { type: 'boolean' },
      url: { type: 'string' },
      token: { type: 'string' },
      organization: { type: 'string' },
    },
  })
  const { type, org, since, json = false, url, token, organization } = values
  const [action, ...rest] = positionals
  const forTest = [url, token, organization].some((value) => value !== undefined)
  const forTail = [type, org, since].some((value) => value !== undefined)
  if (rest.length > 0 || (action === 'tail' ? forTest : action !== 'test' || forTail)) {
    return refuse(`Usage: npm run adapt -- ${usage}`)
  }
  if (action === 'test') return sendTest({ url, token, organizationId: organization }, json)

  if (org !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(org)) {
    return refuse(`--org must be the id of an organization, not "${org}".`)
  }
  const sinceSeconds = Number(since ?? 0)
  if (!/^\d{1,2}$/.test(since ?? '0') || sinceSeconds > longestSinceSeconds) {
    return refuse(`--since must be a number of seconds up to ${longestSinceSeconds}, not "${since}".`)
  }
  for (const one of type ?? []) {
    if (!/^[a-z_.-]+\*?$/.test(one))
      return refuse(`--type must be a type of events or its beginning and *, not "${one}".`)
  }
  return tail({ types: type ?? [], orgId: org?.toLowerCase(), sinceSeconds, json })
}

function refuse(message: string): number {
  console.error(message)
  return 2
}

interface TailFilter {
  types: readonly string[]
  orgId: string | undefined
  sinceSeconds: number
  json: boolean
}

async function tail({ types, orgId, sinceSeconds, json }: TailFilter): Promise<number> {
  if (existsSync('.env')) process.loadEnvFile('.env')
  const enough = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => enough.abort())
  let isLost = false
  const events = tailEvents({
    url: () => findCloudUrl(process.env),
    sinceSeconds,
    signal: enough.signal,
    onConnected() {
      console.error(isLost ? 'Connected again.' : 'Following events; Ctrl-C ends.')
      isLost = false
    },
    onLost() {
      if (!isLost) console.error('The database does not answer; going on when it does.')
      isLost = true
    },
  })
  try {
    for await (const event of events) {
      const { org_id } = (event.envelope ?? {}) as Partial<Envelope>
      if (types.length > 0 && !types.some((type) => matches(event.type, type))) continue
      if (orgId !== undefined && org_id !== orgId) continue
      console.log(json ? JSON.stringify(event) : line(event))
    }
    return 0
  } catch (error) {
    const { code = '' } = error as { code?: string }
    const elsewhere = 'On Google Cloud, make a subscription and see "gcloud pubsub subscriptions pull".'
    const known =
      noEmbeddedCloud(error, elsewhere)?.message ??
      (error instanceof PlatformError ? error.message : null) ??
      (/^(ECONN|ENOTFOUND|CONNECT|28|57P03)/.test(code)
        ? 'The database does not answer. Is the product running?'
        : null)
    if (known === null) throw error
    console.error(known)
    return 1
  }
}

function matches(type: string, pattern: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern
}

function line({ type, publishedAt, envelope }: PublishedEvent): string {
  const { org_id, workspace_id, correlation_id, payload } = (envelope ?? {}) as Partial<Envelope>
  const place = workspace_id ? `org ${org_id} workspace ${workspace_id}` : `org ${org_id}`
  const shown = typeof envelope === 'string' ? envelope : payload
  return printable(
    `${publishedAt.slice(11, 23)}  ${type}  ${JSON.stringify(shown)}  ${place}  caused by ${correlation_id}`,
  )
}

async function sendTest(login: Login, json: boolean): Promise<number> {
  try {
    const client = await connect(login)
    const sent = await client.request<Job>('POST', '/v1/test-events')
    for await (const _ of client.events(`/v1/jobs/${sent.id}/events`)) {
      // Only the end matters.
    }
    const job = await client.request<Job>('GET', `/v1/jobs/${sent.id}`)
    console.log(json ? JSON.stringify(job) : `${job.message}.`)
    return job.status === 'succeeded' ? 0 : 1
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    console.error(error.message)
    return 1
  }
}
