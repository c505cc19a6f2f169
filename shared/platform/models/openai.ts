import { randomUUID } from 'node:crypto'
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
import { boundedBody, brokenOff, malformed, readText, send } from './exchange.ts'
import { boundAnswerBytes, boundTokens, materialText, systemText } from './prompt.ts'

export interface OpenAiOptions {
  /** First part of the models' names: `openai`, `perplexity`, `ollama`. */
  name: string
  /** Up to where `/chat/completions` follows, e.g. `https://api.openai.com/v1`. */
  baseUrl: string
  /** Sent as bearer; null where none is wanted. */
  apiKey: string | null
  /** Newer models of OpenAI know only the former, other providers only the latter. */
  limitName: 'max_completion_tokens' | 'max_tokens'
  /** Fields of the provider's own for each request. */
  more?: Readonly<Record<string, Json>>
}

/** Models behind OpenAI's chat completions: OpenAI, Perplexity, Ollama and whoever else speaks them. */
export function createOpenAiModel(options: OpenAiOptions): ModelDriver {
  const { name, baseUrl, apiKey } = options
  return {
    name,
    boundInputTokens: (request) => boundTokens(JSON.stringify(bodyOf(options, request, true))),
    async complete(request, signal, onText) {
      const response = await send({
        provider: name,
        url: `${baseUrl}/chat/completions`,
        headers: apiKey === null ? {} : { authorization: `Bearer ${apiKey}` },
        body: JSON.stringify(bodyOf(options, request, onText !== undefined)),
        signal,
      })
      const collected = new Collected(name, onText)
      try {
        if (onText) {
          const chunks = boundedBody(response, boundAnswerBytes(request))
          for await (const { data } of readEventStream(chunks)) collected.addChunk(data)
        } else collected.addWhole(await readText(response, boundAnswerBytes(request)))
      } catch (error) {
        throw brokenOff(name, error, signal)
      }
      return collected.answer()
    },
  }
}

function bodyOf({ limitName, more }: OpenAiOptions, request: DriverRequest, isStreamed: boolean) {
  const { model, tools, outputSchema, maximumOutputTokens } = request
  return {
    model,
    messages: messagesOf(request),
    [limitName]: maximumOutputTokens,
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, inputSchema }) => ({
            type: 'function',
            function: { name, description, parameters: inputSchema },
          })),
        }),
    ...(outputSchema === null
      ? {}
      : { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: outputSchema } } }),
    ...(isStreamed ? { stream: true, stream_options: { include_usage: true } } : {}),
    ...more,
  }
}

function messagesOf(request: DriverRequest): Json[] {
  return [
    // Some providers take the schema for a hint only, so it is said in words too.
    { role: 'system', content: systemText(request, true) },
    { role: 'user', content: materialText(request) },
    ...request.turns.map((turn): Json => {
      if (turn.role === 'user') return { role: 'user', content: turn.text }
      if (turn.role === 'tool') {
        const { requestId, output, failed } = turn
        return { role: 'tool', tool_call_id: requestId, content: JSON.stringify(failed ? { error: output } : output) }
      }
      if (turn.toolRequests.length === 0) return { role: 'assistant', content: turn.text }
      return {
        role: 'assistant',
        content: turn.text === '' ? null : turn.text,
        tool_calls: turn.toolRequests.map(({ id, name, input }) => ({
          id,
          type: 'function',
          function: { name, arguments: JSON.stringify(input) },
        })),
      }
    }),
  ]
}

const count = v.number()

const Usage = v.nullish(
  v.object({
    prompt_tokens: v.nullish(count),
    completion_tokens: v.nullish(count),
    prompt_tokens_details: v.nullish(v.object({ cached_tokens: v.nullish(count) })),
    completion_tokens_details: v.nullish(v.object({ reasoning_tokens: v.nullish(count) })),
  }),
)

/** A message, or what a chunk adds to it. */
const Part = v.object({
  content: v.nullish(v.string()),
  refusal: v.nullish(v.string()),
  tool_calls: v.nullish(
    v.array(
      v.object({
        index: v.optional(v.number()),
        id: v.nullish(v.string()),
        function: v.nullish(v.object({ name: v.nullish(v.string()), arguments: v.nullish(v.string()) })),
      }),
    ),
  ),
})
type Part = v.InferOutput<typeof Part>

const finish_reason = v.nullish(v.string())
const Whole = v.object({
  choices: v.pipe(v.array(v.object({ message: Part, finish_reason })), v.minLength(1)),
  usage: Usage,
})
const Chunk = v.object({
  choices: v.optional(v.array(v.object({ delta: v.nullish(Part), finish_reason })), []),
  usage: Usage,
})

const finishReasons = new Map<string, FinishReason>([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool_calls', 'tools'],
  ['function_call', 'tools'],
  ['content_filter', 'safety'],
])

/** Puts an answer together, whether it comes whole or in chunks. */
class Collected {
  readonly #provider: string
  readonly #onText: ((piece: string) => void) | undefined
  readonly #tools = new Map<number, { id: string; name: string; json: string }>()
  #text = ''
  #isRefused = false
  #finishReason: string | null = null
  #usage: v.InferOutput<typeof Usage>

  constructor(provider: string, onText: ((piece: string) => void) | undefined) {
    this.#provider = provider
    this.#onText = onText
  }

  addWhole(json: string): void {
    const { choices, usage } = this.#parse(Whole, json)
    this.#add(choices[0]!.message)
    this.#finishReason = choices[0]!.finish_reason ?? null
    this.#usage = usage
  }

  addChunk(json: string): void {
    if (json.trim() === '[DONE]') return
    const { choices, usage } = this.#parse(Chunk, json)
    if (choices[0]?.delta) this.#add(choices[0].delta)
    this.#finishReason = choices[0]?.finish_reason ?? this.#finishReason
    // The last one counts: some send it with each chunk, some once at the end.
    this.#usage = usage ?? this.#usage
  }

  answer(): DriverAnswer {
    if (this.#finishReason === null) throw malformed(this.#provider, 'only a part')
    const finish = this.#isRefused ? 'safety' : finishReasons.get(this.#finishReason)
    if (!finish) throw malformed(this.#provider, `that it ended by ${this.#finishReason.slice(0, 40)}`)
    // Some end calls of functions by "stop".
    const isCalling = this.#tools.size > 0 && (finish === 'tools' || finish === 'stop')
    return {
      text: this.#text,
      toolRequests: isCalling ? [...this.#tools.values()].map((tool) => this.#toRequest(tool)) : [],
      finish: isCalling ? 'tools' : finish === 'tools' ? 'stop' : finish,
      usage: this.#tokens(),
    }
  }

  #add({ content, refusal, tool_calls }: Part): void {
    if (refusal) this.#isRefused = true
    if (content) {
      this.#text += content
      this.#onText?.(content)
    }
    for (const [at, call] of (tool_calls ?? []).entries()) {
      const index = call.index ?? at
      const known = this.#tools.get(index) ?? { id: '', name: '', json: '' }
      this.#tools.set(index, {
        id: call.id || known.id,
        name: call.function?.name || known.name,
        json: known.json + (call.function?.arguments ?? ''),
      })
    }
  }

  #toRequest({ id, name, json }: { id: string; name: string; json: string }): ToolRequest {
    if (name === '') throw malformed(this.#provider, 'with a call that has no name')
    try {
      return { id: id || randomUUID(), name, input: JSON.parse(json === '' ? '{}' : json) }
    } catch (error) {
      throw malformed(this.#provider, 'with a call that is not JSON', error)
    }
  }

  #tokens(): TokenUsage | null {
    const { prompt_tokens, completion_tokens, ...details } = this.#usage ?? {}
    if (typeof prompt_tokens !== 'number' || typeof completion_tokens !== 'number') return null
    return {
      input: prompt_tokens,
      cachedInput: details.prompt_tokens_details?.cached_tokens ?? 0,
      output: completion_tokens,
      thinking: details.completion_tokens_details?.reasoning_tokens ?? 0,
    }
  }

  #parse<Schema extends v.GenericSchema>(schema: Schema, json: string): v.InferOutput<Schema> {
    let value: unknown
    try {
      value = JSON.parse(json)
    } catch (error) {
      throw malformed(this.#provider, 'something that is not JSON', error)
    }
    if (typeof value === 'object' && value !== null && 'error' in value && value.error) {
      throw malformed(this.#provider, 'with an error midway')
    }
    const parsed = v.safeParse(schema, value)
    if (!parsed.success) throw malformed(this.#provider, `in another form: ${v.getDotPath(parsed.issues[0] as never)}`)
    return parsed.output
  }
}
