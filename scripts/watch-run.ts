import type { RunDetail } from '#shared/domain/agents/schemas.ts'
import { formatDollars } from '#shared/domain/costs/money.ts'
import type { ApiClient } from './api-client.ts'
import { printable } from './printable.ts'

const marks: Record<string, string> = {
  succeeded: '✓',
  skipped: '–',
  failed: '✗',
  waiting: '?',
  cancelled: '✗',
  running: '…',
}

/** Follows a run until it ends or waits for somebody; tells each thing that happens as a line. */
async function watchRun(client: ApiClient, id: string, say: (line: string) => void): Promise<RunDetail> {
  const told = new Set<string>()
  const look = async () => {
    const run = await client.request<RunDetail>('GET', `/v1/agent-runs/${id}`)
    for (const { node, iteration, status, title, agent, milliseconds, error } of run.steps) {
      const key = `${node} ${iteration} ${status}`
      if (status === 'pending' || status === 'running' || told.has(key)) continue
      told.add(key)
      const took = milliseconds === null || agent === null ? '' : ` (${milliseconds} ms)`
      say(
        printable(
          `${marks[status] ?? ' '} ${title}${agent ? `, ${agent}` : ''}${took}${error ? `: ${error.message}` : ''}`,
        ),
      )
    }
    return run
  }
  let run = await look()
  if (run.finished_at !== null || run.status === 'waiting_approval') return run
  for await (const _ of client.events(`/v1/agent-runs/${id}/events`)) {
    run = await look()
    if (run.finished_at !== null || run.status === 'waiting_approval') return run
  }
  return look()
}

/** What came of a run, or what is to be decided on, for people. */
function describeRun(run: RunDetail): string[] {
  const lines = [`Run ${run.id}: ${run.status.replace('_', ' ')}, ${formatDollars(run.cost_microdollars)}`]
  if (run.error) lines.push(`${run.error.code}: ${run.error.message}`)
  for (const { status, node, shows } of run.steps) {
    if (status !== 'waiting') continue
    lines.push('', JSON.stringify(shows, null, 2), '')
    lines.push(
      `Decide with: npm run adapt -- approve ${run.id}${node === 'approval' ? '' : ` --node ${node}`} [--reject] [--comment TEXT]`,
    )
  }
  const { advisory, ...rest } = (run.output ?? {}) as { advisory?: { markdown?: string } }
  if (advisory?.markdown) lines.push('', advisory.markdown)
  if (run.status === 'completed') lines.push('', JSON.stringify(rest, null, 2))
  // Texts of documents stand in it.
  return lines.flatMap((text) => text.split('\n')).map(printable)
}

/** 0 for what went well or waits, 1 for what failed. */
function exitCodeOf(run: RunDetail): number {
  return run.status === 'failed' || run.status === 'cancelled' ? 1 : 0
}

/** Follows a run at the terminal and prints what came of it. @returns the exit code */
export async function followRun(client: ApiClient, id: string, asJson: boolean): Promise<number> {
  const run = await watchRun(client, id, (line) => console.error(line))
  console.log(asJson ? JSON.stringify(run) : describeRun(run).join('\n'))
  return exitCodeOf(run)
}
