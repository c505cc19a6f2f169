import type * as v from 'valibot'
import type { Json } from '../sql.ts'

/** What playbooks ask for; which model answers is a setting of the workspace. */
export const modelAliases = ['fast', 'standard', 'heavy'] as const
export type ModelAlias = (typeof modelAliases)[number]

/** A model as it is addressed, priced and logged: `gemini:gemini-2.5-flash`, `local:rules-1`. */
export interface ModelName {
  driver: string
  model: string
}

/** A function that the model may ask for. */
export interface ToolSpecification {
  name: string
  description: string
  /** JSON Schema (2020-12) of its input. */
  inputSchema: Readonly<Record<string, Json>>
}

export interface ToolRequest {
  /** Made by the provider, or by the driver where the provider makes none. */
  id: string
  name: string
  input: Json
}

/** One turn of a conversation, without the provider's dialect. */
export type Turn =
  | { role: 'user'; text: string }
  | { role: 'assistant'; text: string; toolRequests: readonly ToolRequest[] }
  | { role: 'tool'; requestId: string; name: string; output: Json; failed: boolean }

/** What a driver is asked. */
export interface DriverRequest {
  model: string
  /** What is asked, by name: what the rule-based model goes by. Language models don't see it. */
  task: string
  /** Our own words; nothing from outside is ever part of them. */
  system: string
  /** Facts and quoted evidence for the task. Drivers of language models render it as JSON, marked as data. */
  material: Json
  /** What was said since, when tools were used. */
  turns: readonly Turn[]
  tools: readonly ToolSpecification[]
  /** JSON Schema that the answer's text must be an instance of; null: plain text. */
  outputSchema: Readonly<Record<string, Json>> | null
  maximumOutputTokens: number
}

/** As counted by the provider; `input` includes `cachedInput`, `output` includes `thinking`. */
export interface TokenUsage {
  input: number
  cachedInput: number
  output: number
  thinking: number
}

export type FinishReason = 'stop' | 'tools' | 'length' | 'safety'

export interface DriverAnswer {
  text: string
  toolRequests: readonly ToolRequest[]
  finish: FinishReason
  /** Null when the provider did not say: then the worst case is what it cost. */
  usage: TokenUsage | null
}

export type DriverFailure =
  /** Worth another try, here or with the next model: throttled, overloaded, broken connection, timeout. */
  | 'unavailable'
  /** This model refuses or can't do this task; the next one may. */
  | 'refused'
  /** Our mistake: bad request, bad credentials. */
  | 'invalid'

export class ModelError extends Error {
  override readonly name = 'ModelError'
  readonly failure: DriverFailure
  /** Whether the provider may have worked, and so may charge. */
  readonly mayHaveCost: boolean
  readonly retryAfterSeconds: number | null

  constructor(
    failure: DriverFailure,
    message: string,
    options: ErrorOptions & { mayHaveCost?: boolean; retryAfterSeconds?: number } = {},
  ) {
    super(message, options)
    this.failure = failure
    this.mayHaveCost = options.mayHaveCost ?? false
    this.retryAfterSeconds = options.retryAfterSeconds ?? null
  }
}

/** A provider of models. */
export interface ModelDriver {
  /** First part of its models' names: `gemini`, `claude`, `openai`, `local`. */
  readonly name: string
  /**
   * Upper bound of the tokens that the input of a request can count as.
   */
  boundInputTokens(request: DriverRequest): number
  /**
   * Asks the model once, without retries.
   * @param onText told of each piece of text as it arrives, where the provider streams
   * @throws ModelError
   */
  complete(request: DriverRequest, signal: AbortSignal, onText?: (piece: string) => void): Promise<DriverAnswer>
}

/** Who asks: what a call is charged to and logged under. */
export interface CallOrigin {
  orgId: string
  workspaceId: string
  runId: string | null
  /** Node of the run's playbook, with its iteration; null outside of runs. */
  step: { node: string; iteration: number } | null
  playbook: string | null
  agent: string | null
  userId: string | null
}

/** Money for model calls, in microdollars (millionths of a US dollar), whole ones only. */
export interface SpendAuthority {
  /**
   * Sets the worst case aside, in a transaction of its own, before the call.
   * @throws AppError BUDGET_EXCEEDED (402) that says what is left; CONFLICT when the run has ended
   */
  reserve(reservation: {
    id: string
    origin: CallOrigin
    model: string
    alias: ModelAlias
    task: string
    worstCaseMicrodollars: number
  }): Promise<void>
  /** Books what the call really cost, never more than was set aside. Harmless when done twice. */
  settle(
    id: string,
    result: {
      costMicrodollars: number
      usage: TokenUsage
      /** Whether the usage is the provider's or our bound, because it said nothing. */
      estimated: boolean
      milliseconds: number
      /** `failed`: the provider may charge for a call that brought no answer; it is booked at its worst case. */
      finish: FinishReason | 'failed'
      /** Key in the artifacts bucket of what was asked and answered, redacted. */
      artifactKey: string | null
    },
  ): Promise<void>
  /** Gives back what was set aside for a call that cost nothing. Harmless when done twice. */
  release(id: string, reason: { code: string; message: string; milliseconds: number }): Promise<void>
}

/** What agents ask; the dispatcher makes driver requests of it. */
export interface ModelRequest<Output extends v.GenericSchema | null = v.GenericSchema | null> {
  alias: ModelAlias
  task: string
  system: string
  material: Json
  turns?: readonly Turn[]
  tools?: readonly ToolSpecification[]
  /** The answer is parsed and validated with it, and repaired once. */
  output: Output
  maximumOutputTokens: number
  /** For one answer of one model; a model that lets it pass is not asked again in this call. */
  timeoutSeconds: number
}

export interface ModelAnswer<Output> {
  /** The name under which it is priced and logged. */
  model: string
  /** Null as long as `toolRequests` has any: run them, and ask again with their outputs among the turns. */
  output: Output
  text: string
  toolRequests: readonly ToolRequest[]
  finish: FinishReason
  /** Of all calls that were made for this answer, also those that failed. */
  usage: TokenUsage
  /** Of all of them too. */
  costMicrodollars: number
}

/** The dispatcher, as agents see it. */
export interface Models {
  /**
   * Asks the models of an alias in their order until one answers.
   * @param onText told of each piece as it arrives: a preview of the first answer that begins; the answer's text counts
   * @throws AppError BUDGET_EXCEEDED, UNAVAILABLE (no model answered); the reason of the signal when aborted
   */
  complete<Output extends v.GenericSchema | null>(
    request: ModelRequest<Output>,
    origin: CallOrigin,
    signal: AbortSignal,
    onText?: (piece: string) => void,
  ): Promise<ModelAnswer<Output extends v.GenericSchema ? v.InferOutput<Output> : string>>
}
