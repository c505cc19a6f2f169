import * as v from 'valibot'
import type { Playbook, PlaybookNode } from '#shared/domain/agents/playbook.ts'
import { defineTool } from '#shared/domain/agents/tools.ts'
import { newId } from '#shared/domain/ids.ts'
import { fullPlaybook } from '../setup/playbooks.ts'

/** An effect that is there as often as it was done: projects named `node-iteration`, their run and a new id. */
export const leaveMark = defineTool({
  name: 'notify',
  description: 'Leaves a mark',
  kind: 'changing',
  untrusted: false,
  input: v.strictObject({ name: v.string() }),
  async call({ orgId, workspaceId, runId }, { name }) {
    return {
      output: null,
      effect: async ({ sql }) => {
        await sql`
          insert into projects (id, org_id, workspace_id, name)
          values (${newId()}, ${orgId}, ${workspaceId}, ${`${name} ${runId} ${newId()}`})`
      },
    }
  },
})

/** The playbook with everything, each node of which asks a model before it leaves its mark. */
export function askingPlaybook(): Playbook {
  return fullPlaybook(async ({ complete }) => {
    await complete({ task: 'say', system: 'Say it.', material: {}, output: null, maximumOutputTokens: 50 })
  })
}

/** However often a process dies at a step, it is tried once more. */
export function patient(playbook: Playbook): Playbook {
  const nodes = Object.entries(playbook.nodes).map(([name, node]): [string, PlaybookNode] => [
    name,
    node.kind === 'work' ? { ...node, attempts: 1_000 } : node,
  ])
  return { ...playbook, nodes: Object.fromEntries(nodes) }
}
