import type { Graph } from './graph.ts'
import type { Tool } from './tools.ts'

/** The playbooks and tools that there are. */
export interface Catalogue {
  playbooks: ReadonlyMap<string, Graph>
  tools: ReadonlyMap<string, Tool>
}
