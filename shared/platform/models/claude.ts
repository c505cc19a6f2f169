import * as v from 'valibot'
import type {
  DriverAnswer,
  DriverRequest,
  FinishReason,
  ModelDriver,
  TokenUsage,
  ToolRequest,
} from '#shared/domain/models/types.ts'
import type { Json } from '#shared/domain/sql.ts'
import { readEventStream } from './event-stream.ts'
import { boundedBody, brokenOff, malformed, readText, send, unlessAborted } from './exchange.ts'
import { credentialsError } from './google-token.ts'
import { boundAnswerBytes, boundTokens, materialText, systemText } from './prompt.ts'

export interface ClaudeOptions {
  /** Project of Google Cloud. */
  project: string
  /** Region, or `global`. */
  location: string
  /** In place of Google's address, e.g. `http://127.0.0.1:1234`. */
  endpoint?: string
  /** An access token of Google Cloud. */
  token(): Promise<string>
}

const provider = 'Claude'
/** The function through which a JSON answer comes: asked for so, it has the schema's form. */
const answerTool = 'answer'

/** Claude on Vertex AI: Anthropic's Messages API behind `rawPredict` and `streamRawPredict`. */
export function createClaudeModel({ project, location, endpoint, token }: ClaudeOptions): ModelDriver {
  const models = `${endpoint ?? addressOf(location)}/v1/projects/${project}/locations/${location}/publishers/anthropic/models`
  return {
    name: 'claude',
    boundInputTokens: (request) => boundTokens(JSON.stringify(bodyOf(request, true))),
    async complete(request, signal, onText) {
      const bearer = await unlessAborted(
        signal,
        token().catch((error) => {
          throw credentialsError(provider, error)
        }),
      )
      const response = await send({
        provider,
        url: `${models}/${request.model}:${onText ? 'streamRawPredict' : 'rawPredict'}`,
        headers: { authorization: `Bearer ${bearer}` },
        body: JSON.stringify(bodyOf(request, onText !== undefined)),
        signal,
      })
      const collected = new Collected(onText)
      try {
        if (onText) {
          const chunks = boundedBody(response, boundAnswerBytes(request))
          for await (const { data } of readEventStream(chunks)) collected.addEvent(parse(StreamedEvent, data))
        } else collected.addMessage(parse(Message, await readText(response, boundAnswerBytes(request))))
      } catch (error) {
        throw brokenOff(provider, error, signal)
      }
      return collected.answer()
    },
  }
}

function addressOf(location: string): string {
  if (location === 'global') return 'https://aiplatform.googleapis.com'
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com`
  return `https://${location}-aiplatform.googleapis.com`
}

function bodyOf(request: DriverRequest, isStreamed: boolean) {
  const { tools, outputSchema, maximumOutputTokens } = request
  const answersByTool = outputSchema !== null && tools.length === 0 && outputSchema.type === 'object'
  const functions = answersByTool
    ? [{ name: answerTool, description: 'Gives the answer.', input_schema: outputSchema }]
    : tools.map(({ name, description, inputSchema }) => ({ name, description, input_schema: inputSchema }))
  return {
    anthropic_version: 'vertex-2023-10-16',
    max_tokens: maximumOutputTokens,
    system: systemText(request, !answersByTool),
    messages: messagesOf(request),
    ...(functions.length === 0 ? {} : { tools: functions }),
    ...(answersByTool ? { tool_choice: { type: 'tool', name: answerTool } } : {}),
    ...(isStreamed ? { stream: true } : {}),
  }
}

type Block = Record<string, Json>

function messagesOf(request: DriverRequest): { role: 'user' | 'assistant'; content: Block[] }[] {
  const messages: { role: 'user' | 'assistant'; content: Block[] }[] = []
  const add = (role: 'user' | 'assistant', content: Block[]) => {
    const last = messages.at(-1)
    // All results of one turn's calls must be in one message.
    if (last?.role === role) last.content.push(...content)
    else messages.push({ role, content })
  }
  add('user', [{ type: 'text', text: materialText(request) }])
  for (const turn of request.turns) {
    if (turn.role === 'user') add('user', [{ type: 'text', text: turn.text }])
    else if (turn.role === 'tool') {
      const { requestId, output, failed } = turn
      add('user', [{ type: 'tool_result', tool_use_id: requestId, content: JSON.stringify(output), is_error: failed }])
    } else {
      const calls = turn.toolRequests.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input }))
      add('assistant', [...(turn.text === '' ? [] : [{ type: 'text', text: turn.text }]), ...calls])
    }
  }
  return messages
}

const count = v.optional(v.nullable(v.number()))

const Usage = v.object({
  input_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  output_tokens: count,
})

const ContentBlock = v.object({
  type: v.string(),
  text: v.optional(v.string()),
  id: v.optional(v.string()),
  name: v.optional(v.string()),
  input: v.optional(v.any()),
})

/** What we read of an answer in one piece. */
const Message = v.object({
  content: v.array(ContentBlock),
  stop_reason: v.nullable(v.string()),
  usage: v.optional(Usage),
})

/** What we read of the events of a stream; there may be others at any time. */
const StreamedEvent = v.object({
  type: v.string(),
  index: v.optional(v.number()),
  message: v.optional(v.object({ usage: v.optional(Usage) })),
  content_block: v.optional(ContentBlock),
  delta: v.optional(
    v.object({
      type: v.optional(v.string()),
      text: v.optional(v.string()),
      partial_json: v.optional(v.string()),
      stop_reason: v.optional(v.nullable(v.string())),
    }),
  ),
  usage: v.optional(Usage),
  error: v.optional(v.object({ type: v.optional(v.string()) })),
})

const finishReasons = new Map<string, FinishReason>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['tool_use', 'tools'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'safety'],
])

interface CollectedTool {
  id: string
  name: string
  json: string
}

/** Puts an answer together, whether it comes whole or in events. */
class Collected {
  readonly #onText: ((piece: string) => void) | undefined
  readonly #tools = new Map<number, CollectedTool>()
  #text = ''
  #stopReason: string | null = null
  #usage: v.InferOutput<typeof Usage> = {}
  #isWhole = false

  constructor(onText: ((piece: string) => void) | undefined) {
    this.#onText = onText
  }

  addMessage({ content, stop_reason, usage }: v.InferOutput<typeof Message>): void {
    for (const [index, block] of content.entries()) {
      this.#begin(index, block)
      if (block.type === 'tool_use') this.#tools.get(index)!.json = JSON.stringify(block.input ?? {})
    }
    this.#stopReason = stop_reason
    this.#isWhole = true
    Object.assign(this.#usage, usage)
  }

  addEvent(event: v.InferOutput<typeof StreamedEvent>): void {
    const { type, index = 0, delta } = event
    if (type === 'error') throw malformed(provider, `with an error midway: ${event.error?.type?.slice(0, 40)}`)
    if (type === 'message_start') Object.assign(this.#usage, event.message?.usage)
    if (type === 'content_block_start' && event.content_block) this.#begin(index, event.content_block)
    if (type === 'content_block_delta' && delta?.text !== undefined && delta.type === 'text_delta')
      this.#say(delta.text)
    if (type === 'content_block_delta' && delta?.partial_json !== undefined) this.#addJson(index, delta.partial_json)
    if (type === 'message_delta') {
      this.#stopReason = delta?.stop_reason ?? this.#stopReason
      // Cumulative.
      Object.assign(this.#usage, withoutNull(event.usage ?? {}))
    }
    if (type === 'message_stop') this.#isWhole = true
  }

  answer(): DriverAnswer {
    if (!this.#isWhole || this.#stopReason === null) throw malformed(provider, 'only a part')
    const finish = finishReasons.get(this.#stopReason)
    if (!finish) throw malformed(provider, `that it ended by ${this.#stopReason.slice(0, 40)}`)
    const tools = [...this.#tools.values()]
    const usage = this.#tokens()
    if (tools[0]?.name === answerTool) return { text: tools[0].json, toolRequests: [], finish: endOf(finish), usage }
    const toolRequests = finish === 'tools' ? tools.map(toRequest) : []
    return { text: this.#text, toolRequests, finish: toolRequests.length === 0 ? endOf(finish) : finish, usage }
  }

  #begin(index: number, { type, text, id, name }: v.InferOutput<typeof ContentBlock>): void {
    if (type === 'text' && text) this.#say(text)
    if (type !== 'tool_use') return
    if (!id || !name) throw malformed(provider, 'with a call that has no name')
    this.#tools.set(index, { id, name, json: '' })
  }

  #addJson(index: number, json: string): void {
    const tool = this.#tools.get(index)
    if (!tool) throw malformed(provider, 'with a part of a call that never began')
    tool.json += json
    if (tool.name === answerTool) this.#onText?.(json)
  }

  #say(text: string): void {
    this.#text += text
    this.#onText?.(text)
  }

  #tokens(): TokenUsage | null {
    const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens } = this.#usage
    if (typeof input_tokens !== 'number' || typeof output_tokens !== 'number') return null
    const cachedInput = cache_read_input_tokens ?? 0
    const input = input_tokens + (cache_creation_input_tokens ?? 0) + cachedInput
    return { input, cachedInput, output: output_tokens, thinking: 0 }
  }
}

/** The forced call of the answer ends it like any other. */
function endOf(finish: FinishReason): FinishReason {
  return finish === 'tools' ? 'stop' : finish
}

function toRequest({ id, name, json }: CollectedTool): ToolRequest {
  try {
    // A function without input comes without JSON.
    return { id, name, input: JSON.parse(json === '' ? '{}' : json) }
  } catch (error) {
    throw malformed(provider, 'with a call that is not JSON', error)
  }
}

function withoutNull<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, part]) => part !== null && part !== undefined),
  ) as Partial<Value>
}

function parse<Schema extends v.GenericSchema>(schema: Schema, json: string): v.InferOutput<Schema> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw malformed(provider, 'something that is not JSON', error)
  }
  const parsed = v.safeParse(schema, value)
  if (!parsed.success) throw malformed(provider, `in another form: ${v.getDotPath(parsed.issues[0] as never)}`)
  return parsed.output
}
