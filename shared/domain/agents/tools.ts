import type * as v from 'valibot'
import type { Enqueue, Publish } from '../messaging.ts'
import type { Json, Sql } from '../sql.ts'
import type { LordKey } from './lords.ts'

/** On whose behalf a tool is used. */
export interface ToolContext {
  orgId: string
  workspaceId: string
  /** Whoever began the run; null for a schedule. */
  userId: string | null
  agent: LordKey
  runId: string
  node: string
  /** The request id that caused all of it. */
  correlationId: string
  now: Date
  signal: AbortSignal
  /** A short transaction of its own that only reads, as the run's tenant. */
  read<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  /** Fetches text from the web, never from an address of a private network. */
  fetchText: FetchText
}

/** @throws AppError when the address is refused, too slow, too large or no text */
export type FetchText = (
  url: string,
  signal: AbortSignal,
) => Promise<{ url: string; contentType: string; text: string }>

/** In the transaction that ends the step. */
export interface EffectContext {
  sql: Sql
  publish: Publish
  enqueue: Enqueue
  /** Writes into the organization's audit log. */
  audit(action: string, entry: { targetId?: string | null; details?: Readonly<Record<string, Json>> }): void
  now: Date
  /** The settings that hold for organizations that pay nothing. */
  config: { DEFAULT_PLAN: string }
}

export type Effect = (context: EffectContext) => Promise<void>

/**
 * Something that an agent can do, through the same functions of the domain as the API.
 * - `reading`: answers from the tenant's own rows.
 * - `changing`: has an effect, done in the transaction that ends the step.
 * - `outbound`: reaches outside at once.
 */
export interface Tool<Input extends v.GenericSchema = v.GenericSchema> {
  name: string
  description: string
  kind: 'reading' | 'changing' | 'outbound'
  /** Its output holds text that was written outside. */
  untrusted: boolean
  input: Input
  call(context: ToolContext, input: v.InferOutput<Input>): Promise<{ output: Json; effect?: Effect }>
}

export function defineTool<const Input extends v.GenericSchema>(tool: Tool<Input>): Tool<Input> {
  return tool
}

/** A tool that needs nothing but a look at the tenant's rows, so that it serves programs outside of any run too (MCP). */
export interface ReadingTool<Input extends v.GenericSchema = v.GenericSchema> extends Tool<Input> {
  kind: 'reading'
  call(context: ReadingContext, input: v.InferOutput<Input>): Promise<{ output: Json }>
}

export type ReadingContext = Pick<ToolContext, 'read'> & { workspaceId: string | null }

export function defineReadingTool<const Input extends v.GenericSchema>(tool: ReadingTool<Input>): ReadingTool<Input> {
  return tool
}

export type RefusalCode = 'UNKNOWN_TOOL' | 'NOT_ALLOWED' | 'INVALID_INPUT' | 'APPROVAL_REQUIRED' | 'TOO_MANY_CALLS'

/** A tool call that was not done, told to the agent that asked for it. */
export class ToolRefusal extends Error {
  override readonly name = 'ToolRefusal'
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.code = code
  }
}

/** A row of `agent_tool_calls`. */
export interface ToolCall {
  id: string
  tool: string
  input: Json
  output: Json | null
  status: 'started' | 'done' | 'refused' | 'failed'
  error: { code: string; message: string } | null
  milliseconds: number
}
