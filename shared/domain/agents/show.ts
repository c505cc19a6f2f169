import { toJsonSchema } from '@valibot/to-json-schema'
import type { Catalogue } from './catalogue.ts'
import { type Graph, toMermaid } from './graph.ts'
import { type Artifacts, recallOrNull } from './large-values.ts'
import type { StoredRun } from './runs.ts'
import type { RunDetail, Step } from './schemas.ts'

/** A run as people see it: with its input, its outputs, and what is to be decided on. */
export async function showRun(objects: Artifacts, { playbooks }: Catalogue, stored: StoredRun): Promise<RunDetail> {
  const graph = playbooks.get(stored.run.playbook)
  const [input, output, outputs] = await Promise.all([
    recallOrNull(objects, stored.input),
    recallOrNull(objects, stored.output),
    Promise.all(
      stored.steps.map(({ output, output_key }) => recallOrNull(objects, { value: output, key: output_key })),
    ),
  ])
  // Ordered by iteration within a node, so that the last one stays.
  const last = Object.fromEntries(
    stored.steps.flatMap(({ node, status }, at) => (status === 'succeeded' ? [[node, outputs[at]!]] : [])),
  )
  const isWhole =
    (stored.input.key === null || input !== null) &&
    stored.steps.every(({ output_key }, at) => output_key === null || outputs[at] !== null)
  const steps = stored.steps.map((step, at): Step => {
    const node = graph?.playbook.nodes[step.node]
    // There is nothing to decide on when a part of it is kept no longer; what comes next will say so.
    const asks = isWhole && step.status === 'waiting' && node?.kind === 'approval'
    return {
      node: step.node,
      iteration: step.iteration,
      title: node?.title ?? step.node,
      agent: step.agent,
      status: step.status,
      attempt: step.attempt,
      output: outputs[at],
      error: step.error,
      tainted: step.tainted,
      shows: asks ? node.shows({ input, outputs: last }) : null,
      decided_by: step.decided_by,
      cost_microdollars: step.cost_microdollars,
      input_tokens: step.input_tokens,
      output_tokens: step.output_tokens,
      milliseconds: step.milliseconds,
      started_at: step.started_at,
      finished_at: step.finished_at,
    }
  })
  return { ...stored.run, input, output, steps, tool_calls: stored.toolCalls }
}

export function summarizePlaybook({ playbook }: Graph) {
  const { id, title, description, input } = playbook
  return { id, title, description, input_schema: { ...toJsonSchema(input, { errorMode: 'ignore' }) } }
}

/** A playbook with its nodes and edges, as data and as a drawing. */
export function describePlaybook(graph: Graph) {
  const { playbook } = graph
  return {
    ...summarizePlaybook(graph),
    start: playbook.start,
    nodes: graph.order.map((name) => {
      const node = playbook.nodes[name]!
      const work = node.kind === 'work' ? node : null
      return {
        name,
        kind: node.kind,
        title: node.title,
        join: node.join ?? 'all',
        agent: work?.agent ?? null,
        permission: node.kind === 'approval' ? node.permission : null,
        timeout_seconds: work?.timeoutSeconds ?? null,
        attempts: work?.attempts ?? null,
        model: work?.model ?? null,
      }
    }),
    edges: playbook.edges.map(({ from, to, when, label, repeats }) => ({
      from,
      to,
      conditional: when !== undefined,
      label: label ?? null,
      repeats: repeats ?? null,
    })),
    mermaid: toMermaid(graph),
  }
}
