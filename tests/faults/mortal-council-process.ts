import type { RunStep } from '#shared/domain/agents/messages.ts'
import type { ModelDriver } from '#shared/domain/models/types.ts'
import { openDatabase } from '#shared/platform/database/index.ts'
import { type CouncilBench, openCouncil } from '../setup/council.ts'
import { paidModels } from '../setup/paid-models.ts'
import { askingPlaybook, leaveMark } from './marks.ts'
import { type Step, steppedDatabase } from './stepped-services.ts'

/** What a process of the council is to do, each as far as to its n-th await. */
export interface CouncilErrand {
  id: string
  tenant: Pick<CouncilBench, 'orgId' | 'workspaceId' | 'userId'>
  task: { do: RunStep } | { approve: string }
  stopAt: number
}

export type FromCouncil =
  | { kind: 'stopped'; errand: string; at: string }
  | { kind: 'ended'; errand: string; steps: string[] }
  | { kind: 'enqueued'; errand: string; step: RunStep }

const tell = (message: FromCouncil) => process.send?.(message)

const database = openDatabase({
  url: process.argv[2]!,
  // Each of those who wait in the middle of a transaction holds one.
  poolSize: 24,
  connectTimeoutSeconds: 60,
  statementTimeoutSeconds: 60,
  applicationName: 'mortal',
  endsReadsLater: true,
})

process.on('message', (errand: CouncilErrand) => void run(errand))
process.on('disconnect', () => process.exit())

async function run({ id, tenant, task, stopAt }: CouncilErrand): Promise<void> {
  const steps: string[] = []
  const step: Step = async (name) => {
    steps.push(name)
    if (steps.length < stopAt) return
    if (steps.length === stopAt) tell({ kind: 'stopped', errand: id, at: name })
    await new Promise(() => {})
  }
  const stepped = steppedDatabase(database, step)
  const bench = await openCouncil(stepped, {
    playbooks: [askingPlaybook()],
    tools: [leaveMark as never],
    models: paidModels({ database: stepped, drivers: [steppedModel(step)] }),
    tenant,
  })
  if ('do' in task) await bench.deliver(task.do)
  else await bench.decide(task.approve, 'approval', true)
  for (const { step: next } of bench.queue) {
    await step('enqueue')
    tell({ kind: 'enqueued', errand: id, step: next })
    await step('enqueue, done')
  }
  tell({ kind: 'ended', errand: id, steps })
}

function steppedModel(step: Step): ModelDriver {
  return {
    name: 'moody',
    boundInputTokens: () => 1_000,
    async complete() {
      await step('ask model')
      const usage = { input: 100, cachedInput: 0, output: 10, thinking: 0 }
      await step('ask model, done')
      return { text: 'so', toolRequests: [], finish: 'stop', usage }
    },
  }
}
