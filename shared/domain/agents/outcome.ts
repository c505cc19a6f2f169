import type { RunStatus } from './schemas.ts'

/** Statuses of which whoever began a run is told. */
const told = ['waiting_approval', 'completed', 'failed'] as const
export type ToldStatus = (typeof told)[number]

export function isTold(status: RunStatus): status is ToldStatus {
  return (told as readonly RunStatus[]).includes(status)
}

const maximumTitle = 200

/** What whoever began a run is told when it has come to a status. */
export function describeRunChange(
  title: string,
  status: ToldStatus,
  error: { message: string } | null,
): { kind: string; title: string; body: string } {
  const kind = `agent_run.${status}`
  const headed = (rest: string) => `${title}: ${rest}`.slice(0, maximumTitle)
  if (status === 'waiting_approval') {
    return { kind, title: headed('waits for your decision'), body: 'It goes on when somebody approves.' }
  }
  if (status === 'completed') return { kind, title: headed('done'), body: 'Its results are ready.' }
  const why = error?.message ?? 'It failed'
  return { kind, title: headed('failed'), body: `${why}. It can be tried again from there.` }
}
