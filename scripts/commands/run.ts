import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Run } from '#shared/domain/agents/schemas.ts'
import { parseDollars } from '#shared/domain/costs/money.ts'
import { type ApiClient, ApiError } from '../api-client.ts'
import { connect } from '../sign-in.ts'
import { followRun } from '../watch-run.ts'

export const summary = 'Let the council run a playbook'
export const usage = `run PLAYBOOK [--input JSON | --input @FILE] [--document ID | --document latest] [--budget DOLLARS] [--watch] [--json]

Begins a run at ADAPT_URL (else http://127.0.0.1:8787). --input is what the playbook takes, as JSON; --document puts a
document's id into it, or that of the newest one that is ready, which a playbook that needs one also takes when none is
named. --watch tells every step until the run ends or waits for
an approval. --json prints the run as JSON. Without a playbook, lists them. Exits with 1 when the run failed.`

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      input: { type: 'string' },
      document: { type: 'string' },
      budget: { type: 'string' },
      watch: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  })
  try {
    const client = await connect()
    const [playbook] = positionals
    if (playbook === undefined) return await listPlaybooks(client)
    const body = {
      playbook,
      input: await completeInput(client, playbook, await readInput(values.input), values.document),
      ...(values.budget === undefined ? {} : { budget_microdollars: budgetOf(values.budget) }),
    }
    const begun = await client.request<Run>('POST', '/v1/agent-runs', body)
    if (!values.watch) {
      console.log(values.json ? JSON.stringify(begun) : `Run ${begun.id}: ${begun.status}`)
      return 0
    }
    return await followRun(client, begun.id, values.json === true)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    console.error(`${error.code}: ${error.message}`)
    return 1
  }
}

interface PlaybookSummary {
  id: string
  title: string
  description: string
  input_schema: { required?: string[] }
}

async function readPlaybooks(client: ApiClient): Promise<PlaybookSummary[]> {
  return (await client.request<{ data: PlaybookSummary[] }>('GET', '/v1/playbooks')).data
}

async function listPlaybooks(client: ApiClient): Promise<number> {
  for (const { id, title, description } of await readPlaybooks(client)) {
    console.log(`${id}\n  ${title}. ${description}\n`)
  }
  return 0
}

async function readInput(text = '{}'): Promise<object> {
  const json = text.startsWith('@') ? await readFile(text.slice(1), 'utf8') : text
  let input: unknown
  try {
    input = JSON.parse(json)
  } catch {
    throw new ApiError('BAD_INPUT', '--input is not JSON')
  }
  if (typeof input !== 'object' || input === null) throw new ApiError('BAD_INPUT', '--input is no JSON object')
  return input
}

/** With the document that was named; with the newest one where the playbook needs one and none was named. */
async function completeInput(client: ApiClient, playbook: string, input: object, document?: string): Promise<object> {
  if (document !== undefined && document !== 'latest') return { ...input, document_id: document }
  if (document === undefined) {
    if ('document_id' in input) return input
    const known = (await readPlaybooks(client)).find(({ id }) => id === playbook)
    if (!known?.input_schema.required?.includes('document_id')) return input
  }
  return { ...input, document_id: await latestDocument(client) }
}

async function latestDocument(client: ApiClient): Promise<string> {
  const documents = await client.list<{ id: string; status: string }>('/v1/documents')
  const ready = documents.find(({ status }) => status === 'ready')
  if (!ready) throw new ApiError('NO_DOCUMENT', 'No document is ready; send one with: npm run adapt -- ingest FILE')
  return ready.id
}

function budgetOf(text: string): number {
  const microdollars = parseDollars(text)
  if (microdollars === null) throw new ApiError('BAD_INPUT', '--budget is no number of dollars')
  return microdollars
}
