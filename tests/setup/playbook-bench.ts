import { playbooks } from '#shared/domain/agents/playbooks/index.ts'
import type { StoredRun } from '#shared/domain/agents/runs.ts'
import { tools } from '#shared/domain/agents/tools/index.ts'
import type { Models } from '#shared/domain/models/types.ts'
import type { Json } from '#shared/domain/sql.ts'
import type { Database } from '#shared/platform/database/index.ts'
import { type CouncilBench, openCouncil } from './council.ts'
import { localModels } from './local-models.ts'
import { createDesk } from './reports.ts'

/** A workspace of its own with the playbooks, tools and rule-based model of the product, and ways to put reports into it. */
export async function openPlaybooks(database: Database, models: Models = localModels()) {
  const bench = await openCouncil(database, {
    playbooks: [...playbooks.values()].map(({ playbook }) => playbook),
    tools: [...tools.values()],
    models,
  })
  const { report } = await createDesk(database, bench.orgId)
  return {
    ...bench,
    report,
    /** Runs a playbook until it ends or waits for somebody. */
    async runs(playbook: string, input: Json = {}): Promise<StoredRun> {
      const id = await bench.begin(playbook, input)
      await bench.drain()
      return bench.read(id)
    },
    /** Decides on what waits at the node `approval`, and goes on. */
    async decides(id: string, approved: boolean): Promise<StoredRun> {
      await bench.decide(id, 'approval', approved)
      await bench.drain()
      return bench.read(id)
    },
  }
}

export type PlaybookBench = Awaited<ReturnType<typeof openPlaybooks>>

/** What the run gave, kept in its row or in the bucket. */
export function outputOf<Output>({ output }: StoredRun, { objects }: Pick<CouncilBench, 'objects'>): Output {
  return (output.key === null ? output.value : JSON.parse(objects.get(output.key) ?? 'null')) as Output
}

/** What a node gave, in its row or in the bucket. */
export function stepOutput<Output>(
  { steps }: StoredRun,
  node: string,
  { objects }: Pick<CouncilBench, 'objects'>,
): Output {
  const step = steps.findLast((one) => one.node === node)
  const key = step?.output_key ?? null
  return (key === null ? step?.output : JSON.parse(objects.get(key) ?? 'null')) as Output
}
