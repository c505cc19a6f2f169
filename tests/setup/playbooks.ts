import * as v from 'valibot'
import type { Edge, NodeContext, Playbook, PlaybookNode, WorkNode } from '#shared/domain/agents/playbook.ts'
import { defineTool } from '#shared/domain/agents/tools.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Json } from '#shared/domain/sql.ts'

/** A node that does what it is told, at once. */
export function workNode(work: (context: NodeContext) => Promise<Json>, changes: Partial<WorkNode> = {}): WorkNode {
  return {
    kind: 'work',
    title: 'Work',
    agent: 'herald',
    queue: 'priority',
    timeoutSeconds: 20,
    attempts: 3,
    work,
    ...changes,
  }
}

export const approvalNode: PlaybookNode = {
  kind: 'approval',
  title: 'Approve',
  permission: 'intelligence:write',
  shows: ({ outputs }) => ({ ...outputs }),
}

export function testPlaybook(nodes: Record<string, PlaybookNode>, edges: Edge[], id = 'test'): Playbook {
  return {
    id,
    title: 'Test',
    description: 'For tests',
    input: v.any(),
    start: Object.keys(nodes)[0]!,
    nodes,
    edges,
    output: ({ outputs }) => ({ ...outputs }),
  }
}

/** A tool with an effect that can be counted: each call makes a project of that name. */
export const makeProject = defineTool({
  name: 'notify',
  description: 'Makes a project',
  kind: 'changing',
  untrusted: false,
  input: v.strictObject({ name: v.string() }),
  async call({ orgId, workspaceId }, { name }) {
    const id = newId()
    return {
      output: { id },
      effect: async ({ sql, audit }) => {
        await sql`insert into projects (id, org_id, workspace_id, name) values (${id}, ${orgId}, ${workspaceId}, ${name})`
        audit('project.created', { targetId: id })
      },
    }
  },
})

/**
 * A graph with everything: fan-out into three, of which one goes through an approval, a join, and a loop of two rounds.
 * Each node makes a project by the name `node-iteration`, so that what was done is counted.
 */
export function fullPlaybook(before: (context: NodeContext) => Promise<void> = async () => {}): Playbook {
  const node = workNode(async (context) => {
    await before(context)
    const name = `${context.node}-${context.iteration}`
    await context.use('notify', { name })
    return { name, seen: Object.keys(context.state.outputs).sort() }
  })
  return testPlaybook(
    { start: node, left: node, middle: node, right: node, approval: approvalNode, join: node, again: node, end: node },
    [
      { from: 'start', to: 'left' },
      { from: 'start', to: 'middle' },
      { from: 'start', to: 'right' },
      { from: 'right', to: 'approval' },
      { from: 'left', to: 'join' },
      { from: 'middle', to: 'join' },
      { from: 'approval', to: 'join' },
      { from: 'join', to: 'again' },
      { from: 'again', to: 'join', repeats: 1, when: () => true },
      { from: 'again', to: 'end' },
    ],
    'full',
  )
}

/** The projects that a whole run of `fullPlaybook` makes. */
export const fullEffects = [
  'again-0',
  'again-1',
  'end-0',
  'join-0',
  'join-1',
  'left-0',
  'middle-0',
  'right-0',
  'start-0',
]
