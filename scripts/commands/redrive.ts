import { parseArgs } from 'node:util'
import type { DeadLetterSummary } from '#shared/domain/dead-letters/schemas.ts'
import { type ApiClient, ApiError } from '../api-client.ts'
import { printable } from '../printable.ts'
import { connect } from '../sign-in.ts'

export const summary = 'Send messages that functions gave up again'
export const usage = `redrive ID... | --all [--consumer FUNCTION] [--kind event|task] [--error CODE] [--since TIME] [--until TIME]
                  [--dry-run] [--json] [--url URL] [--token TOKEN] [--organization ID]

Sends the dead letters that are named, or all open ones of the organization that the filters leave, the oldest first, each
to the one function that gave it up. TIME is a date or an ISO time of when they were given up. --dry-run only tells which.
--json prints one JSON object a line and letter. Asks the product at --url (else ADAPT_URL, else this machine) as the
caller of --token (else of ADAPT_EMAIL and ADAPT_PASSWORD), who must be an owner or admin. They leave within two minutes.
Exits with 1 when one could not be sent again, and tells why.`

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const isoTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/

interface Filter {
  consumer: string | undefined
  kind: string | undefined
  error: string | undefined
  since: Date | undefined
  until: Date | undefined
}

/** What became of one letter. */
interface Outcome {
  id: string
  /** Null where nothing is known of the letter but its id. */
  consumer: string | null
  status: 'redriven' | 'refused' | 'would be redriven'
  reason: string | null
}

export async function run(args: string[]): Promise<number> {
  const { values, positionals: ids } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      all: { type: 'boolean' },
      consumer: { type: 'string' },
      kind: { type: 'string' },
      error: { type: 'string' },
      since: { type: 'string' },
      until: { type: 'string' },
      'dry-run': { type: 'boolean' },
      json: { type: 'boolean' },
      url: { type: 'string' },
      token: { type: 'string' },
      organization: { type: 'string' },
    },
  })
  const { all = false, consumer, kind, error, since, until } = values
  const problem = findProblem(all, ids, { consumer, kind, error, since, until })
  if (problem !== null) {
    console.error(`${problem}\n\nUsage: npm run adapt -- ${usage}`)
    return 2
  }
  const time = (text: string | undefined) => (text === undefined ? undefined : new Date(text))
  const filter = { consumer, kind, error, since: time(since), until: time(until) }
  const counts = { redriven: 0, refused: 0, 'would be redriven': 0 }
  try {
    const client = await connect({ url: values.url, token: values.token, organizationId: values.organization })
    const letters = all ? await listOpen(client, filter) : await readAll(client, ids)
    for (const letter of letters) {
      const outcome = await redriveOne(client, letter, values['dry-run'] ?? false)
      counts[outcome.status]++
      console.log(values.json ? JSON.stringify(outcome) : describe(outcome))
    }
  } catch (failure) {
    if (!(failure instanceof ApiError)) throw failure
    console.error(failure.message)
    if (counts.redriven > 0) console.error(`${counts.redriven} were sent again before that.`)
    return 1
  }
  if (!values.json) console.log(conclude(counts))
  return counts.refused > 0 ? 1 : 0
}

/** @returns what is wrong with the arguments, in words; null when nothing is */
function findProblem(all: boolean, ids: readonly string[], filters: Record<string, string | undefined>): string | null {
  const { kind, since, until, consumer } = filters
  if (all === ids.length > 0) return 'Name dead letters by their ids, or say --all.'
  const wrongId = ids.find((id) => !uuid.test(id))
  if (wrongId !== undefined) return `"${wrongId}" is not the id of a dead letter.`
  const given = Object.keys(filters).filter((name) => filters[name] !== undefined)
  if (!all && given.length > 0) return `--${given[0]} goes with --all.`
  if (kind !== undefined && kind !== 'event' && kind !== 'task') return `--kind is event or task, not "${kind}".`
  if (consumer !== undefined && !/^[a-z][a-z0-9-]*$/.test(consumer)) return `"${consumer}" is no name of a function.`
  const wrongTime = [since, until].find(
    (time) => time !== undefined && !(isoTime.test(time) && Number.isFinite(Date.parse(time))),
  )
  return wrongTime === undefined ? null : `"${wrongTime}" is not a date or an ISO time.`
}

type Letter = Pick<DeadLetterSummary, 'id'> & { consumer: string | null; refusal?: string }

/** The open letters of the organization that the filters leave, the oldest first. */
async function listOpen(client: ApiClient, { consumer, kind, error, since, until }: Filter): Promise<Letter[]> {
  const query = new URLSearchParams({ status: 'open', ...(consumer && { consumer }), ...(kind && { kind }) })
  const letters = await client.list<DeadLetterSummary>(`/v1/dead-letters?${query}`)
  return letters
    .filter((letter) => {
      const givenUpAt = new Date(letter.created_at)
      return (
        (error === undefined || letter.error.code === error) &&
        (since === undefined || givenUpAt >= since) &&
        (until === undefined || givenUpAt < until)
      )
    })
    .reverse()
}

/** The letters with these ids, each once, in the order in which they were named; one that isn't there is to be refused. */
async function readAll(client: ApiClient, ids: readonly string[]): Promise<Letter[]> {
  const letters: Letter[] = []
  for (const id of new Set(ids.map((one) => one.toLowerCase()))) {
    try {
      letters.push(await client.request<DeadLetterSummary>('GET', `/v1/dead-letters/${id}`))
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'NOT_FOUND') throw error
      letters.push({ id, consumer: null, refusal: 'There is no such dead letter in this organization' })
    }
  }
  return letters
}

async function redriveOne(client: ApiClient, { id, consumer, refusal }: Letter, dryRun: boolean): Promise<Outcome> {
  if (refusal !== undefined) return { id, consumer, status: 'refused', reason: refusal }
  if (dryRun) return { id, consumer, status: 'would be redriven', reason: null }
  try {
    await client.request('POST', `/v1/dead-letters/${id}/redrive`)
    return { id, consumer, status: 'redriven', reason: null }
  } catch (error) {
    // Somebody else may have sent or discarded it meanwhile.
    if (!(error instanceof ApiError) || (error.code !== 'CONFLICT' && error.code !== 'NOT_FOUND')) throw error
    return { id, consumer, status: 'refused', reason: error.message }
  }
}

function describe({ id, consumer, status, reason }: Outcome): string {
  return printable([id, status, consumer ?? '', reason ?? ''].filter((part) => part !== '').join('  '))
}

function conclude(counts: Record<Outcome['status'], number>): string {
  if (counts['would be redriven'] > 0) return `\n${counts['would be redriven']} would be sent again.`
  if (counts.redriven + counts.refused === 0) return 'There is nothing to send again.'
  const refused = counts.refused > 0 ? `, ${counts.refused} could not be` : ''
  return `\n${counts.redriven} sent again${refused}.${counts.redriven > 0 ? ' They leave within two minutes.' : ''}`
}
