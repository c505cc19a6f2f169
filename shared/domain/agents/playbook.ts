import type * as v from 'valibot'
import type { ModelAlias, ModelAnswer, ModelRequest, ToolSpecification } from '../models/types.ts'
import type { Json, Sql } from '../sql.ts'
import type { Permission } from '../tenancy/permissions.ts'
import type { LordKey } from './lords.ts'

/** What a run knows: its input, and what each finished node gave, in its last iteration. */
export interface State {
  /** As validated by the playbook's schema, which reads it again with its types. */
  input: unknown
  outputs: Readonly<Record<string, Json>>
}

/** What the work of a node may touch. */
export interface NodeContext {
  run: {
    id: string
    playbook: string
    orgId: string
    workspaceId: string
    /** Whoever began it; null for a schedule. */
    userId: string | null
  }
  node: string
  iteration: number
  agent: { key: LordKey; instructions: string; settings: Readonly<Record<string, Json>> }
  state: State
  now: Date
  /** Aborted at the node's timeout, when the run is cancelled, and when the lease is lost. */
  signal: AbortSignal
  /** A short transaction of its own that only reads, as the run's tenant. */
  read<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  /** Asks a model within the budgets of workspace, run and agent, at the node's alias unless told otherwise. */
  complete<Output extends v.GenericSchema | null>(
    request: Omit<ModelRequest<Output>, 'alias' | 'timeoutSeconds' | 'maximumOutputTokens'> & {
      alias?: ModelAlias
      maximumOutputTokens?: number
    },
  ): Promise<ModelAnswer<Output extends v.GenericSchema ? v.InferOutput<Output> : string>>
  /**
   * Calls a tool of the agent's allow-list. Reading tools answer at once; changing ones answer with what will be (ids
   * included) and take effect when the step ends.
   * @throws ToolRefusal
   */
  use(tool: string, input: Json): Promise<Json>
  /** What a language model is told of the agent's tools. */
  toolSpecifications: readonly ToolSpecification[]
  /** Says that the run has read text from outside (documents, feeds, web): from now on changing tools need approval. */
  readUntrusted(source: string): void
}

interface NodeBase {
  title: string
  /** `all`: begins when every incoming edge is decided and one is taken. `any`: at the first that is taken. */
  join?: 'all' | 'any'
}

export interface WorkNode extends NodeBase {
  kind: 'work'
  agent: LordKey
  /** `priority` for work of seconds, `long-running` for work that waits for models. */
  queue: 'priority' | 'long-running'
  timeoutSeconds: number
  /** Tries in all, with growing pauses. */
  attempts: number
  model?: ModelAlias
  maximumOutputTokens?: number
  /** What it gives is JSON, kept as the node's output. A crash repeats it: effects only through changing tools. */
  work(context: NodeContext): Promise<Json>
}

/** The run stops here (LangGraph: interrupt) until somebody approves, which resumes it, or rejects, which ends it. */
export interface ApprovalNode extends NodeBase {
  kind: 'approval'
  permission: Permission
  /** What is to be decided on, as it is shown to the one who decides. */
  shows(state: State): Json
}

export type PlaybookNode = WorkNode | ApprovalNode

export interface Edge {
  from: string
  to: string
  /** Absent: always taken. Decided once, from what is known when `from` ends. */
  when?: (state: State) => boolean
  /** Why it is taken, for people. */
  label?: string
  /** Goes back: `to` and what follows it up to `from` is done again, at most so many times. */
  repeats?: number
}

/** A graph as data, with a function for each node. Names are LangGraph's: state, node, conditional edge, interrupt, resume. */
export interface Playbook {
  id: string
  title: string
  /** What it is for, and what it can't do without a language model. */
  description: string
  input: v.GenericSchema
  start: string
  nodes: Readonly<Record<string, PlaybookNode>>
  edges: readonly Edge[]
  /** What the run gives in the end. */
  output(state: State): Json
}
